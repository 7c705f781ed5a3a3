import { z } from 'zod';
import { executionIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';

/** Commands and events of the `replay` aggregate: verdicts are on the log like everything else that was decided. */
export const REPLAY_MODES = ['full'] as const;

export const divergenceSchema = z.strictObject({
  /** Version of the commit that differs, from 1. */
  commit: z.int().positive(),
  /** Index of the event in the commit; absent where the commit itself is wrong. */
  event: z.int().nonnegative().optional(),
  /** RFC 6901, into the event (or, without one, into the commit). */
  pointer: z.string(),
  expected: jsonSchema,
  actual: jsonSchema,
  reason: z.string(),
});
export type Divergence = z.infer<typeof divergenceSchema>;

export const replayVerdictSchema = z.strictObject({
  verdict: z.enum(['identical', 'divergent']),
  commits: z.int().nonnegative(),
  events: z.int().nonnegative(),
  matchPercent: z.number().min(0).max(100),
  firstDivergence: divergenceSchema.optional(),
});
export type ReplayVerdict = z.infer<typeof replayVerdictSchema>;

export const recordReplaySchema = z.strictObject({
  executionId: executionIdSchema,
  mode: z.enum(REPLAY_MODES),
  result: replayVerdictSchema,
});
export const replayCommandBodies = { RecordReplay: recordReplaySchema } as const;

export const replayEventSchema = z.discriminatedUnion('type', [
  /** What was compared and found: the causing command's body. */
  z.strictObject({ type: z.literal('ReplayCompleted') }),
]);
export type ReplayEvent = z.infer<typeof replayEventSchema>;
