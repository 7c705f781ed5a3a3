import { z } from 'zod';
import { attributesSchema } from './attributes.ts';
import { causeSchema, errorNameSchema, labelsSchema } from './names.ts';
import { approvalIdSchema, sha256Schema } from './ids.ts';
import { jsonSchema } from './json.ts';

/** How people steer an execution. What each status allows: `docs/lifecycle.md`. */

const reason = z.string().max(1_024).optional();

/** Running steps finish and are recorded, nothing new starts, and timers keep the time that they have left. */
export const pauseExecutionSchema = z.strictObject({ reason });

/** Goes on after a pause or a review; of an execution that has ended without success, from where it stood. */
export const resumeExecutionSchema = z.strictObject({
  reason,
  /** Only of a failed execution: the steps that failed count as done, their input is their output. */
  skipFailed: z.boolean().optional(),
  /** Only where a review is what it waits for. */
  afterReview: z.boolean().optional(),
});

/** The failed step again, under the same idempotency key. */
export const retryExecutionSchema = z.strictObject({ reason });
/** As AWS's RedriveExecution. */
export const redriveExecutionSchema = z.strictObject({ reason });

export const CANCEL_GRACE_MS_MAX = 3_600_000;
export const cancelExecutionSchema = z.strictObject({
  reason,
  /** What running steps are given to end by themselves; 0: they are cut short at once. */
  graceMs: z.int().nonnegative().max(CANCEL_GRACE_MS_MAX).optional(),
  /** Without `graceMs`: as long as the execution's timeout policy says, or 10 s. */
  cooperative: z.literal(true).optional(),
});
/** As AWS's StopExecution: nothing is waited for. */
export const terminateExecutionSchema = z.strictObject({
  reason,
  error: errorNameSchema.optional(),
  cause: causeSchema.optional(),
});

/** These two mean what the commands of that name do; every other name is one that a state waits for. */
export const CONTROL_SIGNALS = ['cancel', 'resume_after_review'] as const;
export const signalNameSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/);
export const signalExecutionSchema = z.strictObject({ name: signalNameSchema, payload: jsonSchema });

export const roleSchema = z.string().min(1).max(64);
export const ROLES_MAX = 50;
/** A detached JWS over the content hash, and the key that it was checked with. */
export const signatureSchema = z.strictObject({
  jws: z.string().max(4_096),
  publicKey: z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
});
export type Signature = z.infer<typeof signatureSchema>;

/** The actor decides; the service that took the request says which roles the actor has, and has checked the signature. */
export const decideApprovalSchema = z.strictObject({
  approval: approvalIdSchema,
  decision: z.enum(['approve', 'reject']),
  roles: z.array(roleSchema).max(ROLES_MAX),
  /** Why: has to be there for a rejection. */
  comment: z.string().max(4_096).optional(),
  /** What the approver has seen; another hash means that it decided about something else. */
  contentHash: sha256Schema.optional(),
  signature: signatureSchema.optional(),
});
export type DecideApproval = z.infer<typeof decideApprovalSchema>;

export const annotateExecutionSchema = z.strictObject({
  attributes: attributesSchema.optional(),
  labels: labelsSchema.optional(),
});

/** To another version of its workflow: only by who has decided all that happened again with that version, and found no difference. */
export const migrateExecutionSchema = z.strictObject({
  reason,
  version: z.int().positive(),
  /** The execution's last commit as it was checked. */
  checkedVersion: z.int().positive(),
});

export const controlCommandBodies = {
  PauseExecution: pauseExecutionSchema,
  ResumeExecution: resumeExecutionSchema,
  RetryExecution: retryExecutionSchema,
  RedriveExecution: redriveExecutionSchema,
  CancelExecution: cancelExecutionSchema,
  TerminateExecution: terminateExecutionSchema,
  SignalExecution: signalExecutionSchema,
  DecideApproval: decideApprovalSchema,
  AnnotateExecution: annotateExecutionSchema,
  MigrateExecution: migrateExecutionSchema,
} as const;
export type ControlCommandType = keyof typeof controlCommandBodies;
