import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { ProjectedRecord } from '@throughline/projections';
import { startedTracing } from './started-tracing.ts';

export const CORRELATION_ATTRIBUTE = 'throughline.correlation_id';
const TRACER = 'throughline';
const BATCH_LINKS_MAX = 100;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const BAGGAGE_KEY = CORRELATION_ATTRIBUTE;

/** True where the process was started with the OpenTelemetry module and an endpoint. */
export const tracingOn = (): boolean => startedTracing() !== undefined;

const spanContextOf = (traceparent: string | undefined): SpanContext | undefined => {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (!match?.[1] || !match[2] || !match[3]) return undefined;
  return { traceId: match[1], spanId: match[2], traceFlags: Number.parseInt(match[3], 16), isRemote: true };
};

const NO_SPAN = trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: TraceFlags.NONE });

/**
 * Starts a span that continues `traceparent` (a new trace without one) and carries `throughline.correlation_id` as
 * attribute. Does nothing, cheaply, when tracing is off. The caller ends it.
 */
export const spanFrom = (
  traceparent: string | undefined,
  correlationId: string | undefined,
  name: string,
  kind: SpanKind = SpanKind.INTERNAL,
  attributes: Attributes = {},
): Span => {
  const parent = spanContextOf(traceparent);
  if (!tracingOn()) return parent ? trace.wrapSpanContext(parent) : NO_SPAN;
  const from = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const all = correlationId === undefined ? attributes : { ...attributes, [CORRELATION_ATTRIBUTE]: correlationId };
  return trace.getTracer(TRACER).startSpan(name, { kind, attributes: all }, from);
};

const contextWith = (span: Span, correlationId: string | undefined): Context => {
  const withSpan = trace.setSpan(context.active(), span);
  if (correlationId === undefined) return withSpan;
  return propagation.setBaggage(withSpan, propagation.createBaggage({ [BAGGAGE_KEY]: { value: correlationId } }));
};

const fail = (span: Span, error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
};

/** Runs inside the span's context (and the correlation id's baggage), records a throw, ends the span. */
export const inSpan = async <T>(
  span: Span,
  correlationId: string | undefined,
  run: () => T | Promise<T>,
): Promise<T> => {
  if (!tracingOn()) return run();
  try {
    return await context.with(contextWith(span, correlationId), run);
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
};

/** For a message that continues this span. Passes the parent's through where the span itself is not recorded; undefined where there is none. */
export const traceparentOf = (span: Span): string | undefined => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (/^0+$/.test(traceId)) return undefined;
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
};

/** Of the span that is active here, e.g. the HTTP request's. */
export const activeTraceparent = (): string | undefined => {
  const span = trace.getActiveSpan();
  return span && traceparentOf(span);
};

/** Says which correlation id the active span turned out to be about, e.g. once a start has chosen one. */
export const correlate = (correlationId: string): void => {
  trace.getActiveSpan()?.setAttribute(CORRELATION_ATTRIBUTE, correlationId);
};

export const correlationIdIn = (from: Context): string | undefined =>
  propagation.getBaggage(from)?.getEntry(BAGGAGE_KEY)?.value;

/** `throughline.correlation_id` of the baggage that came with the request. */
export const baggageCorrelationId = (): string | undefined => correlationIdIn(context.active());

/** `traceparent` and `baggage` headers for an outgoing request that continues the span. */
export const propagationHeaders = (span: Span, correlationId: string | undefined): Record<string, string> => {
  const traceparent = traceparentOf(span);
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(correlationId === undefined ? {} : { baggage: `${BAGGAGE_KEY}=${encodeURIComponent(correlationId)}` }),
  };
};

const batchLinks = (batch: readonly ProjectedRecord[]): readonly Link[] => {
  const links = new Map<string, Link>();
  for (const { commit } of batch) {
    for (const command of commit.commands) {
      if (links.size >= BATCH_LINKS_MAX) return [...links.values()];
      const from = spanContextOf(command.traceparent);
      if (!from || (from.traceFlags & TraceFlags.SAMPLED) === 0 || links.has(from.spanId)) continue;
      const attributes = { [CORRELATION_ATTRIBUTE]: commit.correlationId };
      links.set(from.spanId, { context: from, attributes });
    }
  }
  return [...links.values()];
};

/**
 * One span for a projected batch, with links to its commits' traces: a batch belongs to many traces and to none. A
 * batch without a sampled commit has no span.
 */
export const traceBatch =
  (schema: string) =>
  async (batch: readonly ProjectedRecord[], run: () => Promise<void>): Promise<void> => {
    if (!tracingOn()) return run();
    const links = batchLinks(batch);
    if (links.length === 0) return run();
    const correlationIds = [...new Set(batch.map(({ commit }) => commit.correlationId as string))];
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.batch.message_count': batch.length,
      'messaging.consumer.group.name': schema,
      [CORRELATION_ATTRIBUTE]: correlationIds.slice(0, BATCH_LINKS_MAX),
    };
    const options = { kind: SpanKind.CONSUMER, attributes, links: [...links], root: true };
    const span = trace.getTracer(TRACER).startSpan(`project ${schema}`, options);
    return inSpan(span, undefined, run);
  };
