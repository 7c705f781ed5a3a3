import type { AggregateRef, CommitDraft } from '@throughline/contracts';
import type { AggregateRead, AppendOutcome, EventLog, ReadOptions } from '../event-log.ts';
import type { NatsConnection } from './connection.ts';

export interface JetStreamEventLogOptions {
  readonly maxInFlight?: number;
  readonly ackTimeoutMs?: number;
  /** How often an append without an ack is looked up and tried again before it is `unavailable`. */
  readonly triesMax?: number;
  /** Commits fetched at once when reading. */
  readonly pageCommits?: number;
}

export declare class JetStreamEventLog implements EventLog {
  constructor(nc: NatsConnection, options?: JetStreamEventLogOptions);
  append(drafts: readonly CommitDraft[]): Promise<readonly AppendOutcome[]>;
  read(ref: AggregateRef, options?: ReadOptions): Promise<AggregateRead>;
  room(): Promise<{ bytes: number; bytesMax: number }>;
  close(): void;
}
