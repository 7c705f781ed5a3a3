import { z } from 'zod';
import { assetNameSchema, fencingTokenSchema, lockRequestSchema } from './asset-locks.ts';
import { fireTimerSchema } from './execution.commands.ts';
import { executionIdSchema, instantSchema, timerIdSchema } from './ids.ts';

/** Commands and events of the `lock` aggregate: who holds an asset, and who waits for it. */

const claimant = { execution: executionIdSchema, request: lockRequestSchema };

export const lockCommandBodies = {
  AcquireLock: z.strictObject({
    ...claimant,
    asset: assetNameSchema,
    /** What people are shown of who holds it or waits. */
    workflow: z.string().min(1).max(80),
    state: z.string().min(1).max(80),
  }),
  /** Gives the lock back, or leaves its queue. */
  ReleaseLock: z.strictObject(claimant),
  /** The holder still runs: the answer to a grant that is said again. */
  RenewLock: z.strictObject(claimant),
  /** An operator takes the lock from its holder. */
  ForceReleaseLock: z.strictObject({
    /** Only this holder, by the token that it was seen with. */
    fencingToken: fencingTokenSchema.optional(),
    reason: z.string().max(1_024).optional(),
  }),
  FireTimer: fireTimerSchema,
} as const;

export const lockEventSchema = z.discriminatedUnion('type', [
  /** Stands at the end of the queue. Who: the causing command's body. */
  z.strictObject({ type: z.literal('LockRequested') }),
  z.strictObject({
    type: z.literal('LockGranted'),
    ...claimant,
    fencingToken: fencingTokenSchema,
    /** Then the holder is asked whether it still runs. */
    leaseUntil: instantSchema,
  }),
  z.strictObject({ type: z.literal('LockReleased'), ...claimant }),
  /** Was never granted. */
  z.strictObject({ type: z.literal('LockWaitLeft'), ...claimant }),
  /** The lease is over: the holder is told of its grant again, and has until then to answer. */
  z.strictObject({ type: z.literal('LockHolderAsked'), ...claimant, leaseUntil: instantSchema }),
  z.strictObject({ type: z.literal('LockRenewed'), ...claimant, leaseUntil: instantSchema }),
  /** An operator wants it back: the holder's attempt is failed, and has until then to say so. */
  z.strictObject({ type: z.literal('LockRevoked'), ...claimant, leaseUntil: instantSchema }),
  /** The holder has not answered: the lock goes on without it. */
  z.strictObject({ type: z.literal('LockExpired'), ...claimant, fencingToken: fencingTokenSchema }),
  z.strictObject({ type: z.literal('LockTimerArmed'), timer: timerIdSchema, dueAt: instantSchema }),
  z.strictObject({ type: z.literal('LockTimerFired'), timer: timerIdSchema }),
  z.strictObject({ type: z.literal('LockTimerCancelled'), timer: timerIdSchema }),
]);
export type LockEvent = z.infer<typeof lockEventSchema>;
