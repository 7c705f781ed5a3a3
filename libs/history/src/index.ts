export { type DryRun, dryRun } from './dry-run/dry-run.ts';
export { executionErrors } from './errors/execution-errors.ts';
export { fold, stateAt } from './fold.ts';
export { firstDifference, type JsonDifference } from './json-difference.ts';
export { diffJson, type Patched, patchJson } from './json-patch.ts';
export { decidedAt, type Moment, momentOf, type Position, positionOf, wasThere } from './moment.ts';
export {
  checkpointEvery,
  checkpointReason,
  type KeptSnapshot,
  type Restored,
  restoreSnapshot,
  type SnapshotPlace,
  snapshotViewOf,
  takeSnapshot,
} from './snapshot.ts';
export { commitDigest, stateHash } from './state-hash.ts';
export {
  beginVerification,
  type ResolveMachine,
  type Verification,
  type VerifiedCommit,
  verdictOf,
  verify,
  verifyInSteps,
  verifyNext,
  type VerifyOptions,
} from './verify.ts';
export { type AwsHistoryEvent, detailsOf } from './aws-history/aws-event.ts';
export { awsHistory, awsHistoryInSteps } from './aws-history/aws-history.ts';
export { namedResource } from './aws-history/task-events.ts';
export { firstDecidedOtherwise, whatIf, whatIfInSteps } from './what-if/what-if.ts';
export { commitEntering, replayExecution, type ReplayPart } from './replay-execution.ts';
export { stepOfEvent, type Visit, visitKey } from './step-of-event.ts';
export {
  answerOf,
  type AttemptRecord,
  type AttemptRecords,
  attemptRecords,
  declaredClasses,
  wasCut,
} from './record/attempt-record.ts';
export { type ComparedRun, compareRuns } from './record/compare-runs.ts';
export { FORK_BASE_BYTES_MAX, type ForkBase, forkBase, type ForkPatch } from './record/fork-origin.ts';
