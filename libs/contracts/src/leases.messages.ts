import { z } from 'zod';

/** What a lease's subject holds. Without an owner it was given back. */
export const leaseRecordSchema = z.object({
  v: z.literal(1),
  owner: z.string().min(1).max(128).optional(),
  /** Which process that is, for people. */
  instance: z.string().min(1).max(128),
});
export type LeaseRecord = z.output<typeof leaseRecordSchema>;

/** Stands while a message that has come suspiciously often is handled. */
export const suspectMarkSchema = z.object({
  v: z.literal(1),
  /** Times that it was handled by a process that did not live to take the mark away, and the present one. */
  begun: z.int().min(1),
});
export type SuspectMark = z.output<typeof suspectMarkSchema>;
