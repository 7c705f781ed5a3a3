export type { Handled, WorkMessage } from './handled.ts';
export type { AggregateRead, AppendOutcome, EventLog, LoggedCommit, ReadOptions } from './event-log.ts';
export { type DecodedCommit, decodeCommit, type EncodedCommit, encodeCommit } from './commit-encoding.ts';
export { RecentCommits } from './recent-commits.ts';
export { InMemoryEventLog } from './in-memory-event-log.ts';
