import { z } from 'zod';
import { fencingTokenSchema, lockRequestSchema } from './asset-locks.ts';
import { executionIdSchema, instantSchema } from './ids.ts';

export const LOCK_STATES = ['free', 'held', 'releasing'] as const;
export type LockStatus = (typeof LOCK_STATES)[number];

const claimant = {
  executionId: executionIdSchema,
  workflow: z.string(),
  state: z.string(),
  request: lockRequestSchema,
};

export const lockViewSchema = z.strictObject({
  asset: z.string(),
  /** The aggregate's id on the log: the name, or a hash of it. */
  id: z.string(),
  /** `releasing`: an operator wants it back, and the holder has not answered yet. */
  status: z.enum(LOCK_STATES),
  holder: z
    .strictObject({
      ...claimant,
      fencingToken: fencingTokenSchema,
      grantedAt: instantSchema,
      /** Then it is asked whether it still runs. */
      leaseUntil: instantSchema,
    })
    .nullable(),
  waiting: z.int().nonnegative(),
  updatedAt: instantSchema,
  version: z.int().positive(),
  /** Of the execution that was asked for: how many are before it; 0 for the holder. */
  place: z.int().nonnegative().optional(),
});
export type LockView = z.infer<typeof lockViewSchema>;

/** How much of a queue is shown. */
export const LOCK_QUEUE_SHOWN = 100;

export const lockDetailSchema = lockViewSchema.extend({
  /** The first ones, in order. */
  queue: z.array(z.strictObject({ ...claimant, place: z.int().positive(), since: instantSchema })),
});
export type LockDetail = z.infer<typeof lockDetailSchema>;
