import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { StepTask } from '@throughline/contracts';
import { fencingHeaders } from './fencing-tokens.ts';
import type { HandlerContext } from './handler.ts';

export const CORRELATION_BAGGAGE_KEY = 'throughline.correlation_id';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Read by hand: the chain must hold also where the process runs without an OpenTelemetry SDK and its propagator. */
export const traceContextOf = (traceparent: string | undefined, correlationId: string): Context => {
  const baggage = propagation.createBaggage({ [CORRELATION_BAGGAGE_KEY]: { value: correlationId } });
  const carried = propagation.setBaggage(ROOT_CONTEXT, baggage);
  const [, , traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return carried;
  return trace.setSpanContext(carried, { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true });
};

/** What ties an HTTP call made for a step to its execution: send these along, and what was called can be found. */
export const callHeaders = (
  context: Pick<HandlerContext, 'traceparent' | 'correlationId' | 'idempotencyKey'> &
    Partial<Pick<HandlerContext, 'fencingTokens'>>,
): Readonly<Record<string, string>> => ({
  ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
  baggage: `${CORRELATION_BAGGAGE_KEY}=${context.correlationId}`,
  'idempotency-key': context.idempotencyKey,
  ...fencingHeaders(context.fencingTokens ?? {}),
});

/** W3C traceparent of a span; undefined where there is no trace at all. */
export const traceparentOf = (span: Span): string | undefined => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (/^0+$/.test(traceId)) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};

/** Runs one attempt in a CONSUMER span that continues the span of the decision which scheduled it. */
export const inAttemptSpan = async <T>(task: StepTask, run: (span: Span) => Promise<T>): Promise<T> => {
  const parent = traceContextOf(task.traceparent, task.correlationId);
  const span = trace.getTracer('@throughline/worker-sdk').startSpan(
    `attempt ${task.queue}:${task.handler}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'process',
        'messaging.destination.template': `tl.task.${task.queue}.*.*`,
        'throughline.correlation_id': task.correlationId,
        'throughline.execution_id': task.executionId,
        'throughline.tenant': task.tenant,
        'throughline.state': task.state,
        'throughline.attempt': task.attempt,
        'throughline.token': task.token,
      },
    },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), () => run(span));
  } catch (thrown) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: thrown instanceof Error ? thrown.message : String(thrown) });
    throw thrown;
  } finally {
    span.end();
  }
};
