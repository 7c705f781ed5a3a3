import type { AggregateRef, Instant, SentCommand } from '@throughline/contracts';

/** A command that passed its schema, on its way to a decision. */
export interface ReceivedCommand {
  readonly ref: AggregateRef;
  readonly command: SentCommand;
  /** The broker's timestamp. */
  readonly at: Instant;
}
