import { z } from 'zod';
import { instantSchema } from './ids.ts';

export const TARGET_KINDS = ['http', 'webhook'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** How one worker gets on with one of those that it calls for a tenant. */
export const targetViewSchema = z.strictObject({
  kind: z.enum(TARGET_KINDS),
  /** Scheme, host and port. */
  target: z.string(),
  /** Open: it fails and is not called; half-open: one call is being tried. */
  circuit: z.enum(['closed', 'open', 'half-open']),
  openUntil: instantSchema.nullable(),
  lastFailure: z.strictObject({ error: z.string(), cause: z.string() }).nullable(),
  openings: z.int().nonnegative(),
  running: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Calls that were not made, since the worker has known the target. */
  heldBack: z.int().nonnegative(),
  /** Retries that it may be asked at once. */
  retriesLeft: z.int().nonnegative(),
});
export type TargetView = z.infer<typeof targetViewSchema>;
