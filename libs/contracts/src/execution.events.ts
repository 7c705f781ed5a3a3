import { z } from 'zod';
import { causeSchema, errorNameSchema } from './execution.commands.ts';
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

/**
 * What happened to an execution. Data stands once on the log: a payload equal to what the frame already holds is left
 * out, one that came with the causing command points into that command's body, and only a computed one is written.
 */
export const eventDataSchema = z.union([
  z.strictObject({ ref: z.enum(['input', 'output']) }),
  z.strictObject({ value: jsonSchema }),
]);
export type EventData = z.infer<typeof eventDataSchema>;

/** Path of a frame in the tree: `0` is the root; Parallel branches and Map iterations add `.<n>`. */
export const frameIdSchema = z.string().regex(/^0(\.[0-9]+)*$/);
export const stateNameSchema = z.string().min(1).max(80);

/** What a result means for replay: `pure` and `idempotent` steps may run again, `external` ones never by themselves. */
export const EFFECT_CLASSES = ['pure', 'idempotent', 'external'] as const;
export const effectClassSchema = z.enum(EFFECT_CLASSES);
export type EffectClass = z.infer<typeof effectClassSchema>;

export const TIMER_PURPOSES = ['wait', 'retry', 'timeout', 'heartbeat', 'execution-timeout'] as const;
export const timerPurposeSchema = z.enum(TIMER_PURPOSES);
export type TimerPurpose = z.infer<typeof timerPurposeSchema>;

export const executionEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ExecutionStarted'),
    workflow: z.strictObject({
      name: z.string(),
      version: z.int().positive(),
      hash: sha256Schema,
      /** Number of states in the definition: what progress is measured against. */
      states: z.int().positive(),
    }),
    rootExecutionId: executionIdSchema,
    correlationId: correlationIdSchema,
    /** sha256 of the RFC 8785 form of workflow, version asked for, and input: refuses one id with two bodies. */
    bodyHash: sha256Schema,
  }),
  /** The state's input is the frame's data. */
  z.strictObject({ type: z.literal('StateEntered'), frame: frameIdSchema, state: stateNameSchema }),
  z.strictObject({
    type: z.literal('StateExited'),
    frame: frameIdSchema,
    state: stateNameSchema,
    /** Absent: the frame's data goes on unchanged. */
    output: eventDataSchema.optional(),
    /** Absent: the frame ends here. */
    next: stateNameSchema.optional(),
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
    queue: queueSchema,
    handler: z.string().min(1).max(128),
    /** What the worker gets. Absent: the frame's data. */
    input: eventDataSchema.optional(),
    effectClass: effectClassSchema,
    idempotencyKey: sha256Schema,
    timeoutMs: z.int().positive().optional(),
    heartbeatMs: z.int().positive().optional(),
  }),
  /** Output: the causing command's `output`. */
  z.strictObject({ type: z.literal('StepSucceeded'), token: attemptTokenSchema }),
  /** Error and cause: the causing command's. */
  z.strictObject({ type: z.literal('StepFailed'), token: attemptTokenSchema }),
  z.strictObject({
    type: z.literal('StepTimedOut'),
    token: attemptTokenSchema,
    kind: z.enum(['timeout', 'heartbeat']),
  }),
  z.strictObject({ type: z.literal('StepCancelled'), token: attemptTokenSchema }),
  z.strictObject({ type: z.literal('StepHeartbeatRecorded'), token: attemptTokenSchema }),
  /** The state goes on after `delayMs`; the timer that ends the wait follows as `TimerArmed`. */
  z.strictObject({
    type: z.literal('RetryScheduled'),
    frame: frameIdSchema,
    state: stateNameSchema,
    error: errorNameSchema,
    cause: causeSchema,
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
    error: errorNameSchema,
    cause: causeSchema,
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
  z.strictObject({ type: z.literal('ExecutionFailed'), error: errorNameSchema, cause: causeSchema }),
  z.strictObject({ type: z.literal('ExecutionCancelled') }),
  z.strictObject({ type: z.literal('ExecutionTimedOut') }),
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
