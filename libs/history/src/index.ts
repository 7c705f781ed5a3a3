export { type DryRun, dryRun } from './dry-run/dry-run.ts';
export { executionErrors } from './errors/execution-errors.ts';
export { fold, stateAt } from './fold.ts';
export { firstDifference, type JsonDifference } from './json-difference.ts';
export { commitDigest, stateHash } from './state-hash.ts';
export { type ResolveMachine, verify, verifyInSteps } from './verify.ts';
export { type AwsHistoryEvent, detailsOf } from './aws-history/aws-event.ts';
export { awsHistory, awsHistoryInSteps } from './aws-history/aws-history.ts';
export { namedResource } from './aws-history/task-events.ts';
