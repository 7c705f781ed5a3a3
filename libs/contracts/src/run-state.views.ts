import { z } from 'zod';
import { attributesSchema } from './attributes.ts';
import { approvalIdSchema, executionIdSchema, instantSchema } from './ids.ts';

/** How an execution stands, beyond its status: the same for every execution, whatever of it is used. */

const ms = z.int().nonnegative();
/** Time spent so far in each phase that is over, in milliseconds; the present one has begun at `statusSince`. */
export const phaseMetricsSchema = z.strictObject({
  queuedMs: ms,
  preflightMs: ms,
  awaitingApprovalMs: ms,
  runningMs: ms,
  waitingMs: ms,
  pausedMs: ms,
  reviewMs: ms,
  cancellingMs: ms,
  deliveringMs: ms,
});
export type PhaseMetrics = z.infer<typeof phaseMetricsSchema>;

export const SIGNATURE_STATES = ['none', 'pending', 'partially_signed', 'signed', 'declined', 'expired'] as const;

export const runStateSchema = z.strictObject({
  phases: phaseMetricsSchema,
  statusSince: instantSchema.nullable(),
  /** Of workflow, version and input: equal for equal work. */
  contentHash: z.string(),
  /** When a worker of one of its open steps was last heard, or else anything of it. */
  lastHeartbeatAt: instantSchema.nullable(),
  /** For people, and for engineers. */
  lastError: z.strictObject({ human: z.string(), tech: z.string() }).nullable(),
  recommendedActions: z.array(z.string()),
  deliveryState: z.enum(['none', 'pending', 'delivered', 'failed']),
  signatureState: z.enum(SIGNATURE_STATES),
  /** Approvals that are waited for. */
  pendingApprovals: z.array(approvalIdSchema),
  storedSignals: z.int().nonnegative(),
  attributes: attributesSchema,
  /** How often it went on after an end. */
  reopened: z.int().nonnegative(),
  requestedBy: z.string(),
  slaClass: z.string().nullable(),
  actionClass: z.string().nullable(),
  mode: z.string().nullable(),
  priority: z.string().nullable(),
});
export type RunState = z.infer<typeof runStateSchema>;

/** A step that a reopened or resumed execution has before it. */
export const pendingStepSchema = z.strictObject({
  state: z.string(),
  frame: z.string(),
  /** It had failed, or it had not been done yet. */
  kind: z.enum(['failed', 'pending']),
});
export type PendingStep = z.infer<typeof pendingStepSchema>;

export const approvalViewSchema = z.strictObject({
  executionId: executionIdSchema,
  id: approvalIdSchema,
  workflow: z.string(),
  /** The state that waits; null: the execution does, before its first state. */
  state: z.string().nullable(),
  status: z.enum(['pending', 'approved', 'rejected', 'expired', 'cancelled']),
  contentHash: z.string(),
  required: z.int(),
  roles: z.array(z.string()),
  approvers: z.array(z.string()),
  signature: z.enum(['none', 'optional', 'required']),
  requestedBy: z.string(),
  requestedAt: instantSchema,
  expiresAt: instantSchema.nullable(),
  closedAt: instantSchema.nullable(),
  decisions: z.array(
    z.strictObject({
      by: z.string(),
      roles: z.array(z.string()),
      decision: z.enum(['approve', 'reject']),
      at: instantSchema,
      comment: z.string().optional(),
      signature: z
        .strictObject({
          jws: z.string(),
          publicKey: z.strictObject({ kty: z.string(), crv: z.string(), x: z.string() }),
        })
        .optional(),
    }),
  ),
});
export type ApprovalView = z.infer<typeof approvalViewSchema>;
