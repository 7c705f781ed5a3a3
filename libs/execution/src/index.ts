export { type AggregateState, type RecentCommand, storedAt } from './aggregate-state.ts';
export type { AnyState } from './any-state.ts';
export { REGION, ROLE_ARN, statesArn } from './aws-arns.ts';
export { type Decider, type Decision, type Env, type ResolvedMachine } from './decider.ts';
export type {
  ExecutionCommandRecord,
  ReplayCommandRecord,
  LockCommandRecord,
  TenantCommandRecord,
  ScheduleCommandRecord,
  WorkflowCommandRecord,
} from './decider.ts';
export {
  type AnyDecider,
  deciderOf,
  executionDecider,
  replayDecider,
  tenantDecider,
  scheduleDecider,
  workflowDecider,
} from './deciders.ts';
export {
  askedOfChildren,
  awaitedEffects,
  type Effect,
  effectsOf,
  effectsOfIgnored,
  effectsOfRefusal,
  effectsOfRepeats,
  type TaskTokenPlace,
} from './effects.ts';
export { type Classification, classesOf } from './classification/classification.ts';
export { type Classes, tasksOf } from './classification/classify.ts';
export { DEFAULT_POLICIES } from './classification/default-policies.ts';
export { type Deliveries, type Delivery, deliveryStateOf } from './delivery/delivery-state.ts';
export { requiredRoles } from './required-roles.ts';
export { NO_RECORDED_ANSWER } from './decide/answer-from-record.ts';
export { type Derived, ofRecord } from './derived.ts';
export { framesFrom } from './frames-json.ts';
export { misfitOfFrames } from './misfit-of-frames.ts';
export { deliveryViewOf } from './delivery/delivery-view.ts';
export { requiresPreflight } from './preflight/judge-preflight.ts';
export { commandIdOfKey, executionIdOfKey } from './idempotency.ts';
export { errorEnvelope, type ToldError } from './errors/error-envelope.ts';
export { KNOWN_ERRORS } from './errors/error-table.ts';
export { failureOf } from './errors/failure.ts';
export { jsonBytes, jsonBytesWithin } from './json-size.ts';
export type { ArmedTimer, ExecutionEnd, ExecutionState, Hold, OpenAttempt, StartFacts } from './execution-state.ts';
export {
  type Approval,
  type ApprovalDecision,
  type ApprovalStatus,
  type SignatureState,
  signatureStateOf,
} from './approvals.ts';
export { ALLOWED_IN, isControlCommand } from './decide/allowed-commands.ts';
export { approvalViewOf, pendingStepsOf, runStateOf, tagsOf } from './run-state.ts';
export { effectClassOf, stepFailure, stepOutput } from './step-outcome.ts';
export { armedTimers, executionIdOf, initialExecution, openAttempts } from './execution-state.ts';
export {
  adoptedFrames,
  currentFrame,
  type Frame,
  type FrameId,
  frameOf,
  hasMapRun,
  type FramePhase,
  type Frames,
  openFrames,
  outputLeft,
  ROOT_FRAME,
} from './frames.ts';
export { isInExecutionHistory, showsSteps } from './history-event-ids.ts';
export { awaitedAsset, type AssetLocks, fencingTokensOf, type LockRequest, openRequests } from './asset-locks.ts';
export { LOCK_ERRORS } from './lock/lock-errors.ts';
export { lockRef } from './lock/lock-id.ts';
export { initialLock, type LockClaim, type LockHolder, type LockState } from './lock/lock-state.ts';
export { measureBody, type MeasuredBody } from './command-body.ts';
export { canonicalHash, derivedId, seedOf, sha256Hex } from './hashes.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { type Progress, progressOf } from './progress.ts';
export { contradictionIn as contradictionInReplay } from './replay/decide-replay.ts';
export { initialReplay, type ReplaySession, type ReplayState } from './replay/replay-state.ts';
export type { SettledLetter } from './tenant/settle-dead-letter.ts';
export { triggeredExecution } from './schedule/schedule-run.ts';
export {
  initialSchedule,
  type OpenRun,
  type PastRun,
  type ScheduledInstant,
  type ScheduleState,
} from './schedule/schedule-state.ts';
export { decideRound, type Pending, type Round, type RoundMeta, type RoundOutcome } from './round.ts';
export { stateFromJson, stateToJson } from './state-json.ts';
export { isLegalTransition, LEGAL_TRANSITIONS } from './status.ts';
export {
  type EditedPolicy,
  initialTenant,
  policyKey,
  type PolicyKey,
  tenantRef,
  type TenantState,
} from './tenant/tenant-state.ts';
export { taskTokenOf } from './task-token.ts';
export { type CommitAt, foldCommit, walkCommit, type WalkedEvent } from './walk.ts';
export { workflowIdOf, workflowRef } from './workflow/workflow-id.ts';
export {
  initialWorkflow,
  type WorkflowState,
  type WorkflowVersion,
  workflowVersionOf,
} from './workflow/workflow-state.ts';
