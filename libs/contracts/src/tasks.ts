import { z } from 'zod';
import { fencingTokensSchema } from './asset-locks.ts';
import { effectClassSchema } from './effect-class.ts';
import { frameIdSchema, stateNameSchema } from './names.ts';
import {
  attemptTokenSchema,
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  queueSchema,
  sha256Schema,
  tenantSchema,
  timerIdSchema,
  traceparentSchema,
} from './ids.ts';
import { jsonSchema } from './json.ts';
import { prioritySchema } from './priority.ts';

/** Effects on the wire. Both are derived from the log and can be published again with the same id. */

/** One step attempt for a worker. At least once: a redelivered task keeps its token, and the first result wins. */
export const stepTaskSchema = z.strictObject({
  v: z.literal(1),
  tenant: tenantSchema,
  executionId: executionIdSchema,
  token: attemptTokenSchema,
  workflow: z.strictObject({ name: z.string(), version: z.int().positive() }),
  state: stateNameSchema,
  frame: frameIdSchema,
  attempt: z.int().positive(),
  resource: z.string(),
  queue: queueSchema,
  handler: z.string(),
  input: jsonSchema,
  effectClass: effectClassSchema,
  idempotencyKey: sha256Schema,
  timeoutMs: z.int().positive().optional(),
  heartbeatMs: z.int().positive().optional(),
  /** Absent: normal. */
  priority: prioritySchema.optional(),
  /** Counted from `scheduledAt`: whoever gets it later does not begin it. */
  queueWaitMs: z.int().positive().optional(),
  /** The attempt of another execution whose recorded answer this one waits for; nobody runs it. */
  record: z
    .strictObject({ executionId: executionIdSchema, at: z.int().nonnegative(), visit: z.int().positive() })
    .optional(),
  /** Of the locks that the attempt holds: each asset takes no lower one any more. */
  fencingTokens: fencingTokensSchema.optional(),
  scheduledAt: instantSchema,
  correlationId: correlationIdSchema,
  traceparent: traceparentSchema.optional(),
});
export type StepTask = z.infer<typeof stepTaskSchema>;

/** Attempts of one execution that nobody waits for any more, or that are to end within a grace. */
export const abortAttemptsSchema = z.strictObject({
  v: z.literal(1),
  executionId: executionIdSchema,
  tokens: z.array(attemptTokenSchema),
});
export type AbortAttempts = z.infer<typeof abortAttemptsSchema>;

/** What a timer's schedule carries to its due subject; the subject names aggregate and timer. */
export const timerMessageSchema = z.strictObject({
  v: z.literal(1),
  timer: timerIdSchema,
  dueAt: instantSchema,
  correlationId: correlationIdSchema,
  traceparent: traceparentSchema.optional(),
});
export type TimerMessage = z.infer<typeof timerMessageSchema>;
