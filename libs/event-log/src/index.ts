export type { Handled, WorkMessage } from './handled.ts';
export type { AggregateRead, AppendOutcome, EventLog, LoggedCommit, ReadOptions } from './event-log.ts';
export { type DecodedCommit, decodeCommit, type EncodedCommit, encodeCommit } from './commit-encoding.ts';
export { RecentCommits } from './recent-commits.ts';
export { InMemoryEventLog } from './in-memory-event-log.ts';
export { ServedEventLog, type ServedEventLogOptions } from './served-event-log.ts';
export { FENCE_ERROR, type FencedRecord, type LogServer, PublishError, type RecordQuery } from './log-server.ts';
export type { StoredRecord } from './aggregate-reader.ts';
