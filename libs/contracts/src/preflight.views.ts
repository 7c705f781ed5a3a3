import { z } from 'zod';
import { PREFLIGHT_OUTCOMES, preflightFindingSchema, preflightResultSchema } from './preflight.messages.ts';

export const preflightViewSchema = z.strictObject({
  workflow: z.strictObject({ name: z.string(), version: z.int().positive() }),
  /** The worst of the findings. */
  outcome: z.enum(PREFLIGHT_OUTCOMES),
  findings: z.array(preflightFindingSchema),
  /** What the start of an execution was found to be, where it required a preflight. */
  recorded: preflightResultSchema.nullable(),
});
export type PreflightView = z.infer<typeof preflightViewSchema>;
