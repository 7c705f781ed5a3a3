import { z } from 'zod';
import { causeSchema, errorNameSchema } from './names.ts';
import { executionIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';

/**
 * SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat: what a holder of a task token may say about its attempt. The
 * same bodies over HTTP and, as a request on `taskTokenSubject`, over NATS; both are answered after the commit.
 */

/** Long, and opaque to its holder. */
export const taskTokenSchema = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[A-Za-z0-9._-]+$/, 'is no task token');

export const TASK_REPORTS = ['success', 'failure', 'heartbeat'] as const;
export type TaskReportKind = (typeof TASK_REPORTS)[number];

export const taskReportBodies = {
  success: z.strictObject({ taskToken: taskTokenSchema, output: jsonSchema }),
  failure: z.strictObject({
    taskToken: taskTokenSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  heartbeat: z.strictObject({ taskToken: taskTokenSchema }),
} as const satisfies Record<TaskReportKind, z.ZodType>;
export type TaskReport = {
  [K in TaskReportKind]: { readonly kind: K; readonly body: z.infer<(typeof taskReportBodies)[K]> };
}[TaskReportKind];

export const taskReportedSchema = z.strictObject({
  executionId: executionIdSchema,
  /** True where the same report had been committed before. */
  duplicate: z.boolean(),
});
export type TaskReported = z.infer<typeof taskReportedSchema>;

/** What a report over NATS is answered with. */
export const taskReportAnswerSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ v: z.literal(1), outcome: z.literal('accepted'), ...taskReportedSchema.shape }),
  z.strictObject({
    v: z.literal(1),
    outcome: z.literal('refused'),
    refusal: z.strictObject({ code: z.string(), message: z.string() }),
  }),
]);
export type TaskReportAnswer = z.infer<typeof taskReportAnswerSchema>;

/** Activities are named by their ARN's last part. */
export const activityNameSchema = z
  .string()
  .regex(/^[^:\p{Cc}\p{Cs}/]{1,80}$/u, 'must be 1 to 80 characters without : and /');

/** A poll waits at most this long for a task. */
export const POLL_WAIT_MS_MAX = 60_000;

/** What a poll of an activity hands out: to be ended by its token. */
export const activityTaskSchema = z.strictObject({
  taskToken: taskTokenSchema,
  input: jsonSchema,
  executionId: executionIdSchema,
  state: z.string(),
  attempt: z.int().positive(),
  /** Without a heartbeat for so long the attempt counts as lost. */
  heartbeatMs: z.int().positive().optional(),
});
export type ActivityTask = z.infer<typeof activityTaskSchema>;
