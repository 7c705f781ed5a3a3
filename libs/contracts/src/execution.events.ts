import { z } from 'zod';
import { assetNameSchema, fencingTokenSchema, lockRequestSchema, MUTEX_ASSETS_MAX } from './asset-locks.ts';
import { controlEvents } from './control.events.ts';
import { deliveryEventSchemas } from './delivery.messages.ts';
import { derivedEvents } from './derived.messages.ts';
import { effectClassSchema } from './effect-class.ts';
import { ERROR_RULES_MAX, errorRuleSchema } from './error-envelope.ts';
import {
  attemptTokenSchema,
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  queueSchema,
  sha256Schema,
  timerIdSchema,
} from './ids.ts';
import { jsonSchema } from './json.ts';
import { causeSchema, errorNameSchema, frameIdSchema, stateNameSchema } from './names.ts';
import { prioritySchema } from './priority.ts';
import { actionClassSchema, modeSchema, slaClassSchema, timeoutPolicySchema } from './timeout-policy.ts';
import { workflowPinSchema } from './workflow-pin.ts';

/**
 * What happened to an execution. Data stands once on the log: a payload equal to what the frame already holds is left
 * out, one that came with the causing command points into that command's body, and only a computed one is written.
 */
export const eventDataSchema = z.union([
  z.strictObject({ ref: z.enum(['input', 'output', 'payload']) }),
  z.strictObject({ value: jsonSchema }),
]);
export type EventData = z.infer<typeof eventDataSchema>;

export const STATE_TYPES = ['Pass', 'Task', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map'] as const;
export const stateTypeSchema = z.enum(STATE_TYPES);
export type StateType = z.infer<typeof stateTypeSchema>;

/** DISTRIBUTED iterations have an AWS history of their own, so the execution's shows a Map Run instead of them. */
export const MAP_MODES = ['INLINE', 'DISTRIBUTED'] as const;
export const mapModeSchema = z.enum(MAP_MODES);
export type MapMode = z.infer<typeof mapModeSchema>;

/** Variables by name, as an `Assign` left them. */
export const assignedSchema = z.record(z.string(), jsonSchema);

/** Beside a report that says otherwise of its handler: the definition declares the class, and that goes first. */
const effectClassDeclared = z.literal('declared').optional();

/**
 * What ends a step attempt: the answer of the worker that ran it, which for a job (`.sync`) may be submitted before; a
 * callback, after a worker has submitted the work or taken the activity; the child execution that it started; the
 * agreement of people; a signal to the execution; or, in one that is made of another's record, that record.
 */
export const ATTEMPT_AWAITS = [
  'result',
  'job',
  'callback',
  'activity',
  'child',
  'approval',
  'signal',
  'record',
] as const;
export type AttemptAwaits = (typeof ATTEMPT_AWAITS)[number];

export const TIMER_PURPOSES = [
  'wait',
  'retry',
  'timeout',
  'heartbeat',
  'execution-timeout',
  'approval',
  'cancel-grace',
  'start',
  'delivery-retry',
  'lock-wait',
  'deferred',
] as const;
export const timerPurposeSchema = z.enum(TIMER_PURPOSES);
export type TimerPurpose = z.infer<typeof timerPurposeSchema>;

export const executionEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ExecutionStarted'),
    workflow: workflowPinSchema,
    rootExecutionId: executionIdSchema,
    correlationId: correlationIdSchema,
    /** sha256 of the RFC 8785 form of workflow, version asked for, and input: refuses one id with two bodies. */
    bodyHash: sha256Schema,
    /** What the definition says of errors, so that a reader of the log need not look for it. */
    errorRules: z.array(errorRuleSchema).max(ERROR_RULES_MAX).optional(),
  }),
  /** The start required it. What was found: the causing command's `preflightResult`. */
  z.strictObject({ type: z.literal('PreflightPassed') }),
  /** Where machine or start says anything of it: what applies from here on, whatever becomes of the settings. */
  z.strictObject({
    type: z.literal('ExecutionClassified'),
    slaClass: slaClassSchema,
    actionClass: actionClassSchema,
    mode: modeSchema,
    priority: prioritySchema,
    policy: timeoutPolicySchema,
  }),
  /** The state's input is the frame's data. */
  z.strictObject({
    type: z.literal('StateEntered'),
    frame: frameIdSchema,
    state: stateNameSchema,
    stateType: stateTypeSchema,
  }),
  z.strictObject({
    type: z.literal('StateExited'),
    frame: frameIdSchema,
    state: stateNameSchema,
    /** Absent: the frame's data goes on unchanged. */
    output: eventDataSchema.optional(),
    /** Variables of the frame's scope that `Assign` has set. */
    assigned: assignedSchema.optional(),
    /** Absent: the frame ends here, and a branch's or iteration's output is its output. */
    next: stateNameSchema.optional(),
  }),
  /** A JSONata field could not be evaluated; what that leads to follows. */
  z.strictObject({
    type: z.literal('EvaluationFailed'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema,
    cause: causeSchema,
    /** The field, as AWS names it. */
    location: z.string().max(1_024).optional(),
  }),
  /** The branches start from `input`. Absent: the frame's data. */
  z.strictObject({
    type: z.literal('ParallelStarted'),
    frame: frameIdSchema,
    state: stateNameSchema,
    branches: z.int().positive(),
    input: eventDataSchema.optional(),
  }),
  z.strictObject({ type: z.literal('BranchStarted'), frame: frameIdSchema, index: z.int().nonnegative() }),
  /** The branch is gone; its error is the state's. */
  z.strictObject({
    type: z.literal('BranchFailed'),
    frame: frameIdSchema,
    index: z.int().nonnegative(),
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  /** Every branch has ended; the state goes on with their outputs. */
  z.strictObject({ type: z.literal('ParallelSucceeded'), frame: frameIdSchema, state: stateNameSchema }),
  /** No retrier took the error; what is left of the branches is gone. */
  z.strictObject({
    type: z.literal('ParallelFailed'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('MapStarted'),
    frame: frameIdSchema,
    state: stateNameSchema,
    mode: mapModeSchema,
    /** The items as an array. Absent: the frame's data. */
    items: eventDataSchema.optional(),
    length: z.int().nonnegative(),
    /** Iterations that may run at once; absent: as many as the engine's own bound lets. */
    maxConcurrency: z.int().positive().optional(),
  }),
  /** From now on the iterations run, and so many of them may fail. */
  z.strictObject({
    type: z.literal('MapRunStarted'),
    frame: frameIdSchema,
    state: stateNameSchema,
    toleratedFailureCount: z.int().nonnegative().optional(),
    toleratedFailurePercentage: z.number().min(0).max(100).optional(),
  }),
  /** A Map with an item reader starts without items; these are what the reader's step gave. */
  z.strictObject({
    type: z.literal('MapItemsRead'),
    frame: frameIdSchema,
    state: stateNameSchema,
    /** As an array. Absent: the frame's data. */
    items: eventDataSchema.optional(),
    length: z.int().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('IterationStarted'),
    frame: frameIdSchema,
    index: z.int().nonnegative(),
    /** Items that this iteration takes as one batch; absent: one item, without a batch. */
    items: z.int().positive().optional(),
    /** Absent: the item. */
    input: eventDataSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('IterationFailed'),
    frame: frameIdSchema,
    index: z.int().nonnegative(),
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  z.strictObject({ type: z.literal('IterationAborted'), frame: frameIdSchema, index: z.int().nonnegative() }),
  z.strictObject({ type: z.literal('MapSucceeded'), frame: frameIdSchema, state: stateNameSchema }),
  z.strictObject({
    type: z.literal('MapFailed'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  /** A Task, Wait, Parallel or Map that something outside of it ended. */
  z.strictObject({
    type: z.literal('StateAborted'),
    frame: frameIdSchema,
    state: stateNameSchema,
    stateType: stateTypeSchema,
  }),
  z.strictObject({
    type: z.literal('StepScheduled'),
    frame: frameIdSchema,
    state: stateNameSchema,
    /** How often this state was entered in this execution, from 1. */
    visit: z.int().positive(),
    /** Attempts at this visit, from 1. */
    attempt: z.int().positive(),
    resource: z.string().max(1_024),
    /** Absent: the worker's answer. */
    awaits: z.enum(ATTEMPT_AWAITS).optional(),
    queue: queueSchema,
    handler: z.string().min(1).max(128),
    /** What the worker gets. Absent: the frame's data. */
    input: eventDataSchema.optional(),
    effectClass: effectClassSchema,
    idempotencyKey: sha256Schema,
    timeoutMs: z.int().positive().optional(),
    heartbeatMs: z.int().positive().optional(),
    /** Absent: normal. */
    priority: prioritySchema.optional(),
    /** A worker that gets it later than that does not begin it. Absent: it may lie on its queue for ever. */
    queueWaitMs: z.int().positive().optional(),
    /** The request whose locks the attempt holds until it closes. */
    lockRequest: lockRequestSchema.optional(),
  }),
  /** A step waits for the locks of assets, which it takes one by one in this order; its attempt begins with the last one. */
  z.strictObject({
    type: z.literal('LocksRequested'),
    frame: frameIdSchema,
    state: stateNameSchema,
    assets: z.array(assetNameSchema).min(1).max(MUTEX_ASSETS_MAX),
    /** Longest wait for all of them together; the timer follows as `TimerArmed`. */
    waitMs: z.int().positive().optional(),
  }),
  /** Of the next asset of the request. */
  z.strictObject({ type: z.literal('LockTaken'), request: lockRequestSchema, fencingToken: fencingTokenSchema }),
  /** Given up before the attempt began: what was taken is given back. */
  z.strictObject({
    type: z.literal('LockWaitEnded'),
    request: lockRequestSchema,
    /**
     * `suspended`: the execution is held, and the step asks anew when that is over. `failed`: what follows says what the step
     * failed with. Absent: the step is cut short.
     */
    how: z.enum(['suspended', 'failed']).optional(),
  }),
  /** Without `output`: the causing command's. */
  z.strictObject({
    type: z.literal('StepSucceeded'),
    token: attemptTokenSchema,
    output: eventDataSchema.optional(),
    effectClass: effectClassDeclared,
  }),
  /** Without `error`: error and cause are the causing command's. */
  z.strictObject({
    type: z.literal('StepFailed'),
    token: attemptTokenSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
    effectClass: effectClassDeclared,
  }),
  z.strictObject({
    type: z.literal('StepTimedOut'),
    token: attemptTokenSchema,
    kind: z.enum(['timeout', 'heartbeat']),
  }),
  z.strictObject({ type: z.literal('StepCancelled'), token: attemptTokenSchema }),
  /** The worker has handed the work on: the attempt stays open until a callback, or a job's result, ends it. Output: the command's. */
  z.strictObject({
    type: z.literal('StepSubmitted'),
    token: attemptTokenSchema,
    effectClass: effectClassDeclared,
  }),
  z.strictObject({ type: z.literal('StepHeartbeatRecorded'), token: attemptTokenSchema }),
  /** Its worker did not begin; why: the causing command's body. The timer that ends the wait follows as `TimerArmed`. */
  z.strictObject({ type: z.literal('StepDeferred'), token: attemptTokenSchema }),
  /** The wait is over: its task goes to the workers again. */
  z.strictObject({ type: z.literal('StepOffered'), token: attemptTokenSchema }),
  /** The state goes on after `delayMs`; the timer that ends the wait follows as `TimerArmed`. */
  z.strictObject({
    type: z.literal('RetryScheduled'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
    retrier: z.int().nonnegative(),
    /** Retries by this retrier at this visit, from 1. */
    retry: z.int().positive(),
    delayMs: z.int().nonnegative(),
  }),
  /** A `Catch` took the error; `StateExited` with its output and target follows. */
  z.strictObject({
    type: z.literal('ErrorCaught'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
    catcher: z.int().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('TimerArmed'),
    timer: timerIdSchema,
    purpose: timerPurposeSchema,
    frame: frameIdSchema,
    /** The attempt that a timeout or heartbeat timer guards. */
    token: attemptTokenSchema.optional(),
    dueAt: instantSchema,
  }),
  z.strictObject({ type: z.literal('TimerFired'), timer: timerIdSchema }),
  z.strictObject({ type: z.literal('TimerCancelled'), timer: timerIdSchema }),
  /** The round reached its bound; a `ContinueExecution` command takes up the frames that can still move. */
  z.strictObject({ type: z.literal('ContinuationRequested') }),
  z.strictObject({ type: z.literal('ExecutionSucceeded') }),
  z.strictObject({
    type: z.literal('ExecutionFailed'),
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  z.strictObject({ type: z.literal('ExecutionCancelled') }),
  z.strictObject({ type: z.literal('ExecutionTimedOut') }),
  ...deliveryEventSchemas,
  ...controlEvents,
  ...derivedEvents,
]);
export type ExecutionEvent = z.infer<typeof executionEventSchema>;
export type ExecutionEventType = ExecutionEvent['type'];

export const EXECUTION_STATUSES = [
  'queued',
  'preflight',
  'awaiting_approval',
  'running',
  'waiting',
  'paused',
  'needs_review',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const;
export const executionStatusSchema = z.enum(EXECUTION_STATUSES);
export type ExecutionStatus = z.infer<typeof executionStatusSchema>;

export const TERMINAL_STATUSES = [
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const satisfies readonly ExecutionStatus[];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
export const isTerminal = (status: ExecutionStatus | 'none'): status is TerminalStatus =>
  (TERMINAL_STATUSES as readonly string[]).includes(status);
