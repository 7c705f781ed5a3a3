import { SpanKind } from '@opentelemetry/api';
import type { LogRecord } from '@throughline/contracts';
import { inSpan, spanFrom, tracingOn } from '@throughline/service-host';

const SPANS_MAX = 100;

/**
 * Runs the storing of a batch inside a span per execution chain, each continuing the trace of its first line: a line's
 * way is to be found in the trace that it speaks of. Without tracing it just runs.
 */
export const traceLogBatch = async <T>(batch: readonly LogRecord[], run: () => Promise<T>): Promise<T> => {
  if (!tracingOn()) return run();
  const chains = new Map<string, LogRecord[]>();
  for (const line of batch) {
    if (line.traceparent === undefined) continue;
    const key = line.correlationId ?? line.traceparent;
    const lines = chains.get(key);
    if (lines) lines.push(line);
    else if (chains.size < SPANS_MAX) chains.set(key, [line]);
  }
  let traced = run;
  for (const lines of chains.values()) {
    const inner = traced;
    traced = () => inSpan(spanOf(lines), lines[0]?.correlationId, inner);
  }
  return traced();
};

const spanOf = (lines: readonly LogRecord[]) =>
  spanFrom(lines[0]?.traceparent, lines[0]?.correlationId, 'store logs', SpanKind.CONSUMER, {
    'messaging.system': 'nats',
    'messaging.operation.type': 'process',
    'messaging.batch.message_count': lines.length,
  });
