import { z } from 'zod';

/** How soon somebody counts on the answer, and what the work does to the world: together they choose a timeout policy. */
export const SLA_CLASSES = ['interactive', 'standard', 'batch'] as const;
export const slaClassSchema = z.enum(SLA_CLASSES);
export type SlaClass = z.infer<typeof slaClassSchema>;

/** From the mildest to the gravest: a machine is as grave as its gravest state. */
export const ACTION_CLASSES = ['read', 'change', 'destructive'] as const;
export const actionClassSchema = z.enum(ACTION_CLASSES);
export type ActionClass = z.infer<typeof actionClassSchema>;

/** Whether the one who starts an execution waits for its end in the same request. */
export const MODES = ['immediate', 'background'] as const;
export const modeSchema = z.enum(MODES);
export type Mode = z.infer<typeof modeSchema>;

/** As long as a timer of the broker may lie ahead. */
export const POLICY_MS_MAX = 366 * 24 * 3_600_000;
/** What a load balancer between a caller and us is sure to sit through. */
export const ANSWER_WAIT_MS_MAX = 55_000;

const duration = z.int().min(1).max(POLICY_MS_MAX);

export const timeoutPolicySchema = z.strictObject({
  /** The whole execution, where the machine names no `TimeoutSeconds`. */
  executionMs: duration,
  /** One attempt of a step, where the state names no `TimeoutSeconds`. */
  stepMs: duration,
  /** How long an attempt may lie on its queue before a worker has begun it. */
  queueWaitMs: duration,
  /** How long an approval may be waited for, where it names no expiry. */
  approvalMs: duration,
  /** From the request to cancel until a running step's result is refused. */
  cancelGraceMs: duration,
  /** How long a start in mode `immediate` waits for the end before it is answered as one in the background is. */
  answerWaitMs: z.int().min(1).max(ANSWER_WAIT_MS_MAX),
});
export type TimeoutPolicy = z.infer<typeof timeoutPolicySchema>;
