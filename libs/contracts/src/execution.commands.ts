import { z } from 'zod';
import { attemptTokenSchema, correlationIdSchema, executionIdSchema, instantSchema, timerIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';

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
export const causeSchema = z.string().max(32_768);

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
  RecordHeartbeat: recordHeartbeatSchema,
  FireTimer: fireTimerSchema,
  CancelExecution: cancelExecutionSchema,
  ContinueExecution: continueExecutionSchema,
} as const;
export type StartExecution = z.infer<typeof startExecutionSchema>;
export type CompleteStep = z.infer<typeof completeStepSchema>;
export type FailStep = z.infer<typeof failStepSchema>;
