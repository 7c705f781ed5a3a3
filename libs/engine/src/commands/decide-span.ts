import type { AggregateRef, SentCommand } from '@throughline/contracts';
import type { RoundOutcome } from '@throughline/execution';

/** One command's decision as a span. */
export interface DecideSpan {
  /** What the commit records and its effects continue; undefined where tracing is off. */
  readonly traceparent: string | undefined;
  decided(outcome: RoundOutcome, correlationId: string): void;
  end(): void;
}

export type StartDecideSpan = (ref: AggregateRef, command: SentCommand) => DecideSpan;

export const NO_SPAN: DecideSpan = { traceparent: undefined, decided: () => undefined, end: () => undefined };
