import { z } from 'zod';
import { executionIdSchema } from './ids.ts';
import { workflowNameSchema } from './names.ts';

/**
 * Which executions of a workflow started last: asked over core NATS of the orchestrator, whose read model knows them, by
 * services that read the executions themselves from the log.
 */
export const RECENT_EXECUTIONS_MAX = 1_000;

export const recentExecutionsRequestSchema = z.strictObject({
  v: z.literal(1),
  workflow: workflowNameSchema,
  /** Only those of this version. */
  version: z.int().positive().optional(),
  last: z.int().min(1).max(RECENT_EXECUTIONS_MAX),
});
export type RecentExecutionsRequest = z.infer<typeof recentExecutionsRequestSchema>;

export const recentExecutionsAnswerSchema = z.discriminatedUnion('outcome', [
  /** The latest first. */
  z.strictObject({ v: z.literal(1), outcome: z.literal('found'), executions: z.array(executionIdSchema) }),
  z.strictObject({ v: z.literal(1), outcome: z.literal('failed'), problem: z.string() }),
]);
export type RecentExecutionsAnswer = z.infer<typeof recentExecutionsAnswerSchema>;
