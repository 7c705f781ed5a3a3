import { z } from 'zod';
import { roleSchema } from './control.commands.ts';
import { ERROR_RULES_MAX, errorRuleSchema } from './error-envelope.ts';
import { approvalIdSchema, attemptTokenSchema, instantSchema, sha256Schema } from './ids.ts';
import { frameIdSchema, stateNameSchema } from './names.ts';
import { workflowPinSchema } from './workflow-pin.ts';

/** What steering an execution comes to. Whatever an event does not say stands in the command that caused it. */

export const SIGNATURE_RULES = ['none', 'optional', 'required'] as const;
export const APPROVAL_OUTCOMES = ['approved', 'rejected', 'expired', 'cancelled'] as const;
export const approvalOutcomeSchema = z.enum(APPROVAL_OUTCOMES);

export const controlEvents = [
  z.strictObject({ type: z.literal('ExecutionPaused') }),
  z.strictObject({ type: z.literal('ExecutionResumed') }),
  /** It stands before a state until somebody has looked. */
  z.strictObject({ type: z.literal('ReviewRequested'), frame: frameIdSchema, state: stateNameSchema }),
  /** What workers still run may end until the timer of the grace fires, which follows. */
  z.strictObject({ type: z.literal('CancellationRequested') }),
  /** The nth time that it goes on after an end: there is one end for each n. */
  z.strictObject({
    type: z.literal('ExecutionReopened'),
    n: z.int().positive(),
    by: z.enum(['resume', 'retry', 'redrive']),
  }),
  /** A failed step counts as done. */
  z.strictObject({ type: z.literal('StateSkipped'), frame: frameIdSchema, state: stateNameSchema }),
  /** No state waits for the signal yet; it is kept until one does. */
  z.strictObject({ type: z.literal('SignalStored') }),
  /** A state has taken the oldest stored signal of its name. */
  z.strictObject({ type: z.literal('SignalTaken'), token: attemptTokenSchema, name: z.string() }),
  z.strictObject({
    type: z.literal('ApprovalRequested'),
    approval: approvalIdSchema,
    /** The attempt that waits for it. Absent: the execution does, before its first state. */
    token: attemptTokenSchema.optional(),
    contentHash: sha256Schema,
    required: z.int().positive(),
    roles: z.array(roleSchema),
    approvers: z.array(z.string()),
    signature: z.enum(SIGNATURE_RULES),
    expiresAt: instantSchema.optional(),
  }),
  /** Who, and with which comment and signature: the causing command's. */
  z.strictObject({ type: z.literal('ApprovalGiven'), approval: approvalIdSchema }),
  z.strictObject({ type: z.literal('ApprovalClosed'), approval: approvalIdSchema, outcome: approvalOutcomeSchema }),
  z.strictObject({ type: z.literal('ExecutionAnnotated') }),
  /** From here on another version of its workflow decides, which would have decided the same so far. */
  z.strictObject({
    type: z.literal('ExecutionMigrated'),
    workflow: workflowPinSchema,
    /** As a start has them. */
    errorRules: z.array(errorRuleSchema).max(ERROR_RULES_MAX).optional(),
  }),
] as const;
