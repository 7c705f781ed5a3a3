import { z } from 'zod';
import { deliveryCommandBodies, deliveryRequestSchema } from './delivery.messages.ts';
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
import { prioritySchema } from './priority.ts';
import { modeSchema, slaClassSchema, timeoutPolicySchema } from './timeout-policy.ts';

/** What can be asked of an execution. Each is decided in libs/execution/src/decide/<command>.ts. */

export const TRIGGER_KINDS = ['manual', 'agent', 'retry', 'repair', 'child', 'scheduled', 'replay', 'fork'] as const;
export const triggerKindSchema = z.enum(TRIGGER_KINDS);
export type TriggerKind = z.infer<typeof triggerKindSchema>;

/** Control characters and half surrogate pairs cannot stand in Postgres text, where two names would become one. */
const NAME_CHARACTERS = /^[^\p{Cc}\p{Cs}]*$/u;
export const workflowNameSchema = z
  .string()
  .min(1)
  .max(80)
  .refine((name) => NAME_CHARACTERS.test(name), { error: 'must not hold control characters or half surrogate pairs' })
  .refine((name) => name !== '.' && name !== '..', { error: 'must not be a step of a path' });

export const LABELS_MAX = 50;
export const labelsSchema = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, { error: `must be at most ${LABELS_MAX} labels` });

/** Error names and causes as AWS Step Functions bounds them (characters). */
export const errorNameSchema = z.string().max(256);
export const CAUSE_CHARS_MAX = 32_768;
export const causeSchema = z.string().max(CAUSE_CHARS_MAX);

/**
 * What of a child execution the step that started it waits for: that it has started, that it has ended (its output as JSON
 * text, or as JSON), or a callback by whoever the child hands the token to.
 */
export const CHILD_AWAITS = ['start', 'end', 'end-as-json', 'callback'] as const;
export const childAwaitsSchema = z.enum(CHILD_AWAITS);
export type ChildAwaits = z.infer<typeof childAwaitsSchema>;

/** A name as AWS gives executions one; it belongs to a workflow, and may hold what no execution id can. */
export const executionNameSchema = z
  .string()
  .regex(/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}]{1,80}$/u, 'must be 1 to 80 characters, none of them special');

/** Executions below the lineage's first one, parent by parent: a workflow that starts itself for ever ends here. */
export const GENERATIONS_MAX = 20;

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
  /** `$$.Execution.Name` where that is not the execution id. */
  name: executionNameSchema.optional(),
  /** How many parents stand above it. Only the engine says so, as of the attempt that the child reports to. */
  generation: z.int().nonnegative().optional(),
  parentAttempt: z.strictObject({ token: attemptTokenSchema, awaits: childAwaitsSchema }).optional(),
  /** These three go before what the machine says of itself. */
  sla: slaClassSchema.optional(),
  mode: modeSchema.optional(),
  priority: prioritySchema.optional(),
  /** The tenant's own timeout policy, where it has edited the one that applies. Only the engine says so. */
  policy: timeoutPolicySchema.optional(),
  /** The schedule that asks for it, and the instant it is for. Only the engine says so. */
  schedule: z.strictObject({ scheduleId: scheduleIdSchema, instant: instantSchema }).optional(),
  /** Where the result goes, beside where the definition sends it. */
  delivery: deliveryRequestSchema.optional(),
});

/** Both ends of a step attempt as its worker saw them: recorded input, so replay needs no clock. */
const attemptTimes = {
  startedAt: instantSchema,
  finishedAt: instantSchema,
  worker: z.string().min(1).max(128),
};

export const completeStepSchema = z.strictObject({
  token: attemptTokenSchema,
  output: jsonSchema,
  /** sha256 of the RFC 8785 form of `output`. */
  outputHash: z.string().regex(/^[0-9a-f]{64}$/),
  ...attemptTimes,
});

export const failStepSchema = z.strictObject({
  token: attemptTokenSchema,
  /** Both may be absent: a callback can fail a task without saying why. */
  error: errorNameSchema.optional(),
  cause: causeSchema.optional(),
  ...attemptTimes,
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

export const recordHeartbeatSchema = z.strictObject({ token: attemptTokenSchema });
export const fireTimerSchema = z.strictObject({ timer: timerIdSchema });
export const cancelExecutionSchema = z.strictObject({ reason: z.string().max(1_024).optional() });
export const continueExecutionSchema = z.strictObject({});

export const executionCommandBodies = {
  StartExecution: startExecutionSchema,
  CompleteStep: completeStepSchema,
  FailStep: failStepSchema,
  CompleteCallback: completeCallbackSchema,
  FailCallback: failCallbackSchema,
  RecordChildStart: recordChildStartSchema,
  CompleteChild: completeChildSchema,
  FailChild: failChildSchema,
  ReportToParent: reportToParentSchema,
  RecordHeartbeat: recordHeartbeatSchema,
  FireTimer: fireTimerSchema,
  CancelExecution: cancelExecutionSchema,
  ContinueExecution: continueExecutionSchema,
  ...deliveryCommandBodies,
} as const;
export type StartExecution = z.infer<typeof startExecutionSchema>;
export type CompleteStep = z.infer<typeof completeStepSchema>;
export type FailStep = z.infer<typeof failStepSchema>;
