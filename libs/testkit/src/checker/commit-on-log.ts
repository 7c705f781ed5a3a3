import type { Commit, ExecutionCommit, ExecutionEvent, RecordedExecutionCommand } from '@throughline/contracts';
import type { ExecutionBook } from './execution-book.ts';

/** A commit as it was read off a log. */
export interface CommitOnLog {
  readonly commit: Commit;
  readonly seq: number;
  /** What it was stored under; absent where the log has no subjects. */
  readonly subject?: string;
  /** The status of an execution around each of the commit's events; absent where nobody has folded it. */
  readonly statuses?: readonly StatusChange[];
}

export interface StatusChange {
  readonly index: number;
  readonly type: string;
  readonly before: string;
  readonly after: string;
}

/** One event of an execution, in front of what its book says of everything before it. */
export interface EventSeen {
  readonly commit: ExecutionCommit;
  readonly seq: number;
  readonly index: number;
  readonly event: ExecutionEvent;
  readonly command: RecordedExecutionCommand;
  readonly atMs: number;
  readonly book: ExecutionBook;
}

export const keyOfCommit = ({ tenant, aggregate, aggregateId }: Commit): string =>
  `${tenant}/${aggregate}/${aggregateId}`;

export const placeOf = (commit: Commit, seq: number, index?: number): string =>
  `${keyOfCommit(commit)} ${index === undefined ? `version ${commit.version}` : `${commit.version}.${index}`} (sequence ${seq})`;
