import { z } from 'zod';
import { assetNameSchema, fencingTokenSchema, lockRequestSchema, MUTEX_ASSETS_MAX } from './asset-locks.ts';
import { attributesSchema } from './attributes.ts';
import { controlCommandBodies } from './control.commands.ts';
import { deliveryCommandBodies, deliveryRequestSchema } from './delivery.messages.ts';
import { derivedCommandBodies, recordOriginSchema } from './derived.messages.ts';
import { effectClassSchema } from './effect-class.ts';
import {
  attemptTokenSchema,
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  scheduleIdSchema,
  sha256Schema,
  timerIdSchema,
} from './ids.ts';
import { jsonSchema } from './json.ts';
import {
  causeSchema,
  errorNameSchema,
  executionNameSchema,
  labelsSchema,
  stateNameSchema,
  workflowNameSchema,
} from './names.ts';
import { preflightResultSchema } from './preflight.messages.ts';
import { prioritySchema } from './priority.ts';
import { modeSchema, slaClassSchema, timeoutPolicySchema } from './timeout-policy.ts';

/** What can be asked of an execution. Each is decided in libs/execution/src/decide/<command>.ts. */

export const TRIGGER_KINDS = ['manual', 'agent', 'retry', 'repair', 'child', 'scheduled', 'replay', 'fork'] as const;
export const triggerKindSchema = z.enum(TRIGGER_KINDS);
export type TriggerKind = z.infer<typeof triggerKindSchema>;

/**
 * What of a child execution the step that started it waits for: that it has started, that it has ended (its output as JSON
 * text, or as JSON), or a callback by whoever the child hands the token to.
 */
export const CHILD_AWAITS = ['start', 'end', 'end-as-json', 'callback'] as const;
export const childAwaitsSchema = z.enum(CHILD_AWAITS);
export type ChildAwaits = z.infer<typeof childAwaitsSchema>;

/** Executions below the lineage's first one, parent by parent: a workflow that starts itself for ever ends here. */
export const GENERATIONS_MAX = 20;

const HELD_ASSETS_MAX = (GENERATIONS_MAX + 1) * MUTEX_ASSETS_MAX;

export const startExecutionSchema = z.strictObject({
  workflow: workflowNameSchema,
  /** Absent: the latest version when the command is decided. */
  version: z.int().positive().optional(),
  input: jsonSchema,
  trigger: triggerKindSchema,
  parentExecutionId: executionIdSchema.optional(),
  /** The lineage's first execution; absent for a root. */
  rootExecutionId: executionIdSchema.optional(),
  correlationId: correlationIdSchema.optional(),
  runId: z.string().min(1).max(128).optional(),
  idempotencyKey: z.string().min(1).max(256).optional(),
  labels: labelsSchema.optional(),
  attributes: attributesSchema.optional(),
  /** It waits for a review before it enters this state. */
  until: stateNameSchema.optional(),
  /** It is queued until then. */
  notBefore: instantSchema.optional(),
  /** On whose behalf the engine starts it: the one who may not approve it. Absent: the actor. */
  requestedBy: z.string().min(1).max(128).optional(),
  /** `$$.Execution.Name` where that is not the execution id. */
  name: executionNameSchema.optional(),
  /** How many parents stand above it. Only the engine says so, as of the attempt that the child reports to. */
  generation: z.int().nonnegative().optional(),
  parentAttempt: z.strictObject({ token: attemptTokenSchema, awaits: childAwaitsSchema }).optional(),
  /** These three go before what the machine says of itself. */
  sla: slaClassSchema.optional(),
  mode: modeSchema.optional(),
  priority: prioritySchema.optional(),
  /** Nothing is started unless a preflight finds no error. */
  preflight: z.literal('required').optional(),
  /** What was found, where one is required. Only the engine says so. */
  preflightResult: preflightResultSchema.optional(),
  /** The tenant's own timeout policy, where it has edited the one that applies. Only the engine says so. */
  policy: timeoutPolicySchema.optional(),
  /** The schedule that asks for it, and the instant it is for. Only the engine says so. */
  schedule: z.strictObject({ scheduleId: scheduleIdSchema, instant: instantSchema }).optional(),
  /** Where the result goes, beside where the definition sends it. */
  delivery: deliveryRequestSchema.optional(),
  /** Assets that the ancestors keep locked until it ends; absent: none. Only the engine says so. */
  heldAssets: z.array(assetNameSchema).max(HELD_ASSETS_MAX).optional(),
  /** The execution of whose record it is made. Only the engine says so. */
  origin: recordOriginSchema.optional(),
});

/** Longer is a wait that the machine should know of. */
export const DEFER_MS_MAX = 300_000;

/** A step attempt as its worker saw it: recorded input, so replay needs no clock. */
const workerSaid = {
  startedAt: instantSchema,
  finishedAt: instantSchema,
  worker: z.string().min(1).max(128),
  /** What the handler declares itself to be. Absent: what the task says, or nothing is known of it. */
  effectClass: effectClassSchema.optional(),
};

export const completeStepSchema = z.strictObject({
  token: attemptTokenSchema,
  output: jsonSchema,
  /** sha256 of the RFC 8785 form of `output`. */
  outputHash: z.string().regex(/^[0-9a-f]{64}$/),
  ...workerSaid,
});

export const failStepSchema = z.strictObject({
  token: attemptTokenSchema,
  /** Both may be absent: a callback can fail a task without saying why. */
  error: errorNameSchema.optional(),
  cause: causeSchema.optional(),
  ...workerSaid,
});

/** A worker that could not begin now, because of whom the step calls. The attempt stays open, and its task comes again. */
export const deferStepSchema = z.strictObject({
  token: attemptTokenSchema,
  forMs: z.int().positive().max(DEFER_MS_MAX),
  /** Why, as far as the worker knows: what the last calls of the same target came to. */
  error: errorNameSchema.optional(),
  cause: causeSchema.optional(),
  worker: z.string().min(1).max(128),
});

/** SendTaskSuccess and SendTaskFailure, once the task token was found to be ours. */
export const completeCallbackSchema = z.strictObject({
  token: attemptTokenSchema,
  output: jsonSchema,
  /** sha256 of the RFC 8785 form of `output`. */
  outputHash: z.string().regex(/^[0-9a-f]{64}$/),
});
export const failCallbackSchema = z.strictObject({
  token: attemptTokenSchema,
  error: errorNameSchema.optional(),
  cause: causeSchema.optional(),
});

/** What starting a child answers its parent: `ExecutionArn` and `StartDate`. */
const childStart = z.strictObject({ ExecutionArn: z.string(), StartDate: z.int() });

/** What an execution tells the attempt of its parent that started it. */
export const recordChildStartSchema = z.strictObject({
  token: attemptTokenSchema,
  child: executionIdSchema,
  awaits: childAwaitsSchema,
  output: childStart,
  outputHash: sha256Schema,
});
export const completeChildSchema = z.strictObject({
  token: attemptTokenSchema,
  child: executionIdSchema,
  started: childStart,
  /** The child as AWS describes an execution, its own output among it. */
  output: jsonSchema,
  outputHash: sha256Schema,
});
export const failChildSchema = z.strictObject({
  token: attemptTokenSchema,
  child: executionIdSchema.optional(),
  /** Absent: it never started. */
  started: childStart.optional(),
  error: errorNameSchema,
  cause: causeSchema,
});

/** A parent that has heard nothing of its child for long asks it to say again what it has come to. Nothing is recorded. */
export const reportToParentSchema = z.strictObject({});

/** What locks tell executions. */
export const recordLockGrantSchema = z.strictObject({
  request: lockRequestSchema,
  asset: assetNameSchema,
  fencingToken: fencingTokenSchema,
});
export const failLockSchema = z.strictObject({
  request: lockRequestSchema,
  asset: assetNameSchema,
  /** The grant that is taken away; absent where there was none. */
  fencingToken: fencingTokenSchema.optional(),
  error: errorNameSchema,
  cause: causeSchema,
});

export const recordHeartbeatSchema = z.strictObject({ token: attemptTokenSchema });
export const fireTimerSchema = z.strictObject({ timer: timerIdSchema });
export const continueExecutionSchema = z.strictObject({});

export const executionCommandBodies = {
  StartExecution: startExecutionSchema,
  CompleteStep: completeStepSchema,
  FailStep: failStepSchema,
  DeferStep: deferStepSchema,
  CompleteCallback: completeCallbackSchema,
  FailCallback: failCallbackSchema,
  RecordChildStart: recordChildStartSchema,
  CompleteChild: completeChildSchema,
  FailChild: failChildSchema,
  ReportToParent: reportToParentSchema,
  RecordLockGrant: recordLockGrantSchema,
  FailLock: failLockSchema,
  RecordHeartbeat: recordHeartbeatSchema,
  FireTimer: fireTimerSchema,
  ContinueExecution: continueExecutionSchema,
  ...controlCommandBodies,
  ...deliveryCommandBodies,
  ...derivedCommandBodies,
} as const;
export type StartExecution = z.infer<typeof startExecutionSchema>;
export type CompleteStep = z.infer<typeof completeStepSchema>;
export type FailStep = z.infer<typeof failStepSchema>;
export type DeferStep = z.infer<typeof deferStepSchema>;
