import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { STATE_DATA_BYTES_MAX } from '@throughline/contracts';
import {
  callHeaders,
  defineHandler,
  ERROR_NAMES,
  type Handler,
  type HandlerContext,
  StepError,
  traceContextOf,
  traceparentOf,
} from '@throughline/worker-sdk';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { z } from 'zod';
import {
  HTTP_TIMEOUT_SECONDS_MAX,
  type HttpParameters,
  httpParametersSchema,
  requestHeaders,
  requestUrl,
} from './http-parameters.ts';
import { HTTP_ERRORS } from './http-failure.ts';
import { insteadOfCall } from '../targets/instead-of-call.ts';
import { type Call, NotCalled } from '../targets/target.ts';
import type { Targets } from '../targets/targets.ts';
import { type HttpAnswer, type HttpResult, httpResult } from './http-result.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const CONNECTIONS_PER_ORIGIN_MAX = 64;

export interface HttpSteps {
  readonly handler: Handler;
  close(): Promise<void>;
}

export interface HttpStepsOptions {
  readonly targets: Targets;
  /** A step waits so long for a target that fails, before it fails itself. */
  readonly holdMs: number;
}

/** The handler of queue `http`. Connections are kept and bounded per origin; redirects are not followed. */
export const createHttpSteps = ({ targets, holdMs }: HttpStepsOptions): HttpSteps => {
  const agent = new Agent({
    connections: CONNECTIONS_PER_ORIGIN_MAX,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: 32 * 1024,
  });
  const handler = defineHandler({
    queue: 'http',
    name: 'http',
    effectClass: 'external',
    input: httpParametersSchema,
    output: z.unknown(),
    run: (parameters, context) =>
      inClientSpan(parameters, context, async (span) => {
        const stopBeating = keepBeating(context);
        try {
          return await guarded(parameters, context, { targets, holdMs, span }, async () => {
            const answer = await call(parameters, context, agent, span);
            span.setAttribute('http.response.status_code', answer.status);
            return httpResult(answer);
          });
        } finally {
          stopBeating();
        }
      }),
  });
  return { handler, close: () => agent.destroy() };
};

interface Guard extends HttpStepsOptions {
  readonly span: Span;
}

const guarded = async (
  parameters: HttpParameters,
  context: HandlerContext,
  { targets, holdMs, span }: Guard,
  run: () => Promise<HttpResult>,
): Promise<HttpResult> => {
  const { origin } = new URL(parameters.ApiEndpoint);
  const log: Call['log'] = (level, message) => {
    span.addEvent(message);
    context.log(level, message, { target: origin });
  };
  try {
    return await targets.call({ tenant: context.tenant, origin }, { attempt: context.attempt, log }, run);
  } catch (thrown) {
    if (!(thrown instanceof NotCalled)) throw thrown;
    throw insteadOfCall(thrown, origin, { waitedMs: Date.now() - Date.parse(context.scheduledAt), holdMs });
  }
};

const keepBeating = (context: HandlerContext): (() => void) => {
  if (context.heartbeatMs === undefined) return () => {};
  const beat = setInterval(() => void context.heartbeat(), Math.max(100, context.heartbeatMs / 3));
  return () => clearInterval(beat);
};

const inClientSpan = async <T>(
  parameters: HttpParameters,
  context: HandlerContext,
  run: (span: Span) => Promise<T>,
): Promise<T> => {
  const url = new URL(parameters.ApiEndpoint);
  const span = trace.getTracer('@throughline/step-worker').startSpan(
    parameters.Method,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': parameters.Method,
        // Without the query: it may hold what does not belong in a trace.
        'url.full': `${url.origin}${url.pathname}`,
        'server.address': url.hostname,
        'throughline.correlation_id': context.correlationId,
        'throughline.execution_id': context.executionId,
      },
    },
    traceContextOf(context.traceparent, context.correlationId),
  );
  try {
    return await run(span);
  } catch (thrown) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: thrown instanceof Error ? thrown.message : String(thrown) });
    throw thrown;
  } finally {
    span.end();
  }
};

const call = async (
  parameters: HttpParameters,
  context: HandlerContext,
  dispatcher: Dispatcher,
  span: Span,
): Promise<HttpAnswer> => {
  const timeoutMs = (parameters.TimeoutSeconds ?? HTTP_TIMEOUT_SECONDS_MAX) * 1_000;
  const timeLimit = AbortSignal.timeout(timeoutMs);
  const body = parameters.RequestBody === undefined ? undefined : JSON.stringify(parameters.RequestBody);
  const implied = {
    accept: 'application/json, */*;q=0.5',
    'user-agent': 'throughline',
    'idempotency-key': context.idempotencyKey,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const { 'idempotency-key': _, ...tying } = callHeaders({ ...context, traceparent: traceparentOf(span) });
  try {
    const response = await request(requestUrl(parameters), {
      dispatcher,
      method: parameters.Method,
      headers: requestHeaders(parameters, implied, tying),
      body: body ?? null,
      signal: AbortSignal.any([context.signal, timeLimit]),
      // The one time limit above covers them.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { status: response.statusCode, headers: response.headers, body: await readBounded(response) };
  } catch (thrown) {
    // Says nothing of the target, and nobody hears it: what ended the attempt has been decided.
    if (isAbortedFromOutside(context.signal)) throw new StepError(ERROR_NAMES.cancelled, 'The step was ended.');
    throw stepErrorOf(thrown, parameters, timeLimit.aborted && !context.signal.aborted ? timeoutMs : undefined);
  }
};

const isAbortedFromOutside = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && !(reason instanceof Error && reason.message === 'aborted: timeout');

const readBounded = async (response: Dispatcher.ResponseData): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    // The cast states what undici's body gives while no encoding is set.
    const part = chunk as Buffer;
    bytes += part.length;
    // Leaving the loop destroys the stream and its connection: the rest is never read.
    if (bytes > STATE_DATA_BYTES_MAX) {
      throw new StepError(ERROR_NAMES.dataLimitExceeded, `The answer is larger than ${STATE_DATA_BYTES_MAX} bytes.`);
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const stepErrorOf = (thrown: unknown, parameters: HttpParameters, timedOutMs: number | undefined): StepError => {
  if (thrown instanceof StepError) return thrown;
  const what = `${parameters.Method} ${new URL(parameters.ApiEndpoint).origin}`;
  if (timedOutMs !== undefined)
    return new StepError(HTTP_ERRORS.socket, `${what}: no whole answer within ${timedOutMs} ms.`);
  if (thrown instanceof errors.InvalidArgumentError) return new StepError(ERROR_NAMES.inputInvalid, thrown.message);
  return new StepError(HTTP_ERRORS.socket, `${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
};
