import { z } from 'zod';

/** What is looked at before anything is started. */
export const PREFLIGHT_CHECKS = [
  'definition',
  'input',
  'handlers',
  'permissions',
  'roles',
  'secrets',
  'delivery',
  'approval',
  'locks',
] as const;
export type PreflightCheck = (typeof PREFLIGHT_CHECKS)[number];

export const PREFLIGHT_OUTCOMES = ['ok', 'warn', 'error'] as const;
export type PreflightOutcome = (typeof PREFLIGHT_OUTCOMES)[number];

/** Findings beyond this are left out, the mildest first. */
export const FINDINGS_MAX = 100;
export const SENTENCE_CHARS_MAX = 300;

/** One line for people. */
export const preflightFindingSchema = z.strictObject({
  check: z.enum(PREFLIGHT_CHECKS),
  outcome: z.enum(PREFLIGHT_OUTCOMES),
  sentence: z.string().max(SENTENCE_CHARS_MAX),
  recommendedActions: z.array(z.string().max(SENTENCE_CHARS_MAX)).max(5),
});
export type PreflightFinding = z.infer<typeof preflightFindingSchema>;

/** What a start was found to be, as far as it is worth keeping: whatever is not simply in order. */
export const preflightResultSchema = z.strictObject({
  checks: z.int().nonnegative(),
  findings: z.array(preflightFindingSchema).max(FINDINGS_MAX),
});
export type PreflightResult = z.infer<typeof preflightResultSchema>;
