import { type Span, SpanKind } from '@opentelemetry/api';
import type { AggregateRef, SentCommand } from '@throughline/contracts';
import { type DecideSpan, NO_SPAN } from '@throughline/engine';
import { spanFrom, traceparentOf, tracingOn } from '@throughline/service-host';

/** One command's decision as a span. */
export const startDecideSpan = (ref: AggregateRef, command: SentCommand): DecideSpan => {
  if (!tracingOn()) return NO_SPAN;
  const span: Span = spanFrom(command.traceparent, undefined, `decide ${command.type}`, SpanKind.CONSUMER, {
    'throughline.tenant': ref.tenant,
    'throughline.aggregate': ref.aggregate,
    'throughline.aggregate_id': ref.aggregateId,
    'throughline.command_id': command.id,
  });
  return {
    traceparent: traceparentOf(span),
    decided: (outcome, correlationId) => {
      // Known only now: a start may bring its own, and every later command inherits it from the state.
      span.setAttribute('throughline.correlation_id', correlationId);
      span.setAttribute('throughline.outcome', outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind);
    },
    end: () => span.end(),
  };
};
