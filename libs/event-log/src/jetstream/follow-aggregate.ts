import type { AggregateRef } from '@throughline/contracts';
import type { LoggedCommit } from '../event-log.ts';
import type { NatsConnection } from './connection.ts';

export interface FollowOptions {
  /** First sequence to deliver; default: the aggregate's first commit. */
  readonly fromSeq?: number;
  readonly signal: AbortSignal;
}

/** Commits of one aggregate, those there and those to come, until `signal` aborts. Throws an UnreadableCommitError on a record it cannot read. */
export declare const followAggregate: (
  nc: NatsConnection,
  ref: AggregateRef,
  options: FollowOptions,
) => AsyncIterable<LoggedCommit>;

export class UnreadableCommitError extends Error {
  readonly code: 'TL0201' | 'TL0202';
  readonly seq: number;
  constructor(code: 'TL0201' | 'TL0202', seq: number, problem: string) {
    super(`log sequence ${seq}: ${problem}`);
    this.name = 'UnreadableCommitError';
    this.code = code;
    this.seq = seq;
  }
}
