export { type Acknowledged, AcknowledgedRecord, idOfKeyed } from './acknowledged.ts';
export { checkCommits, type CommitsCheckOptions, statusesOf } from './check-commits.ts';
export type { CommitOnLog, StatusChange } from './commit-on-log.ts';
export { ExecutionBook, ExecutionBooks } from './execution-book.ts';
export { LogCheck, type LogCheckOptions } from './log-check.ts';
export {
  checkLine,
  type CheckReport,
  expectNoViolation,
  promiseLines,
  type PromiseName,
  type PromiseResult,
  PROMISES,
  PromiseTable,
  type Violation,
} from './promise-table.ts';
export { endedOrWaiting, waitsFor } from './waiting.ts';
export type { DoneEffect, EffectsOptions } from './effects.ts';
export { type Queued, type StillDue, stillDue } from './still-due.ts';
export { checkSystem, type SystemToCheck } from './system/check-system.ts';
export { CheckpointWatch } from './system/checkpoint-watch.ts';
export { checkLog } from './system/log-on-server.ts';
