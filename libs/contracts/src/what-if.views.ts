import { z } from 'zod';
import { effectClassSchema } from './effect-class.ts';
import { executionIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';

/** What another definition would have made of executions that the log has: their own inputs and answers, nothing is called. */

export const WHAT_IF_LAST_MAX = 1_000;

export const whatIfRequestSchema = z.strictObject({
  /** The candidate, or a string with its text: JSON or YAML. */
  definition: jsonSchema,
  /** How many executions, the latest first. */
  last: z.int().min(1).max(WHAT_IF_LAST_MAX).default(200),
  /** Only those that started with this version. */
  version: z.int().positive().optional(),
});

/**
 * `identical`: every event. `same_end`: another path, but the same calls and the same end. `other_end`: another status, output
 * or error. `other_calls`: the same end without a call that was made. `unanswered`: it would make a call that the log has no
 * answer for. `unreadable`: the log of the execution could not be read or decided.
 */
export const WHAT_IF_VERDICTS = [
  'identical',
  'same_end',
  'other_end',
  'other_calls',
  'unanswered',
  'unreadable',
] as const;
export const whatIfVerdictSchema = z.enum(WHAT_IF_VERDICTS);
export type WhatIfVerdict = z.infer<typeof whatIfVerdictSchema>;

/** These are divergences: a gate is shut by them. */
export const DIVERGENT_VERDICTS = [
  'other_end',
  'other_calls',
  'unanswered',
  'unreadable',
] as const satisfies readonly WhatIfVerdict[];
export const isDivergent = (verdict: WhatIfVerdict): boolean =>
  (DIVERGENT_VERDICTS as readonly WhatIfVerdict[]).includes(verdict);

const stepPlaceSchema = z.strictObject({ state: z.string(), frame: z.string(), visit: z.int() });
export type StepPlace = z.infer<typeof stepPlaceSchema>;

/** Where the candidate first decides otherwise. */
export const whatIfDifferenceSchema = z.strictObject({
  /** Version of the commit, from 1. */
  commit: z.int(),
  /** Index of the event in the commit. */
  event: z.int(),
  step: stepPlaceSchema.nullable(),
  /** RFC 6901, into the event with its data written out. */
  pointer: z.string(),
  /** As recorded. */
  expected: jsonSchema,
  /** As the candidate decides. */
  actual: jsonSchema,
  reason: z.string(),
});
export type WhatIfDifference = z.infer<typeof whatIfDifferenceSchema>;

export const whatIfCallSchema = z.strictObject({
  ...stepPlaceSchema.shape,
  attempt: z.int(),
  resource: z.string(),
  effectClass: effectClassSchema,
  request: jsonSchema,
});
export type WhatIfCall = z.infer<typeof whatIfCallSchema>;

/** `refused`: the candidate would not even start. `bounded`: it goes on for too long to be walked. */
export const whatIfEndSchema = z.strictObject({
  status: z.string(),
  output: jsonSchema.optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
});
export type WhatIfEnd = z.infer<typeof whatIfEndSchema>;

export const whatIfFindingSchema = z.strictObject({
  executionId: executionIdSchema,
  /** Of the workflow, as the execution started. */
  version: z.int().nullable(),
  verdict: whatIfVerdictSchema,
  /** It had not ended: compared up to its present commit. */
  open: z.boolean(),
  first: whatIfDifferenceSchema.optional(),
  /** Why it is unreadable. */
  problem: z.string().optional(),
  recorded: whatIfEndSchema.optional(),
  candidate: whatIfEndSchema.optional(),
  /** Where the two ends differ: RFC 6901 into them. */
  endPointer: z.string().optional(),
  /** Calls that the log has no answer for. */
  missing: z.array(whatIfCallSchema),
  /** Calls that were made and would not be made. */
  notCalled: z.array(whatIfCallSchema),
});
export type WhatIfFinding = z.infer<typeof whatIfFindingSchema>;

/** An execution that was moved to another version of its workflow. */
export const migrateRequestSchema = z.strictObject({
  version: z.int().positive(),
  reason: z.string().max(1_024).optional(),
});
export const migrationViewSchema = z.strictObject({
  executionId: executionIdSchema,
  workflow: z.string(),
  fromVersion: z.int(),
  version: z.int(),
  /** The commit that moved it. */
  at: z.int(),
});
export type MigrationView = z.infer<typeof migrationViewSchema>;

export const whatIfReportSchema = z.strictObject({
  workflow: z.string(),
  candidate: z.strictObject({
    hash: z.string(),
    states: z.int(),
    /** The registered version that has this definition. */
    version: z.int().nullable(),
  }),
  /** How many were looked at, and how many of them had not ended. */
  executions: z.int(),
  open: z.int(),
  commits: z.int(),
  counts: z.record(whatIfVerdictSchema, z.int()),
  /** All of them that diverge, the latest first. */
  divergent: z.array(whatIfFindingSchema),
  /** The first few that come to the same end on another path. */
  otherPaths: z.array(whatIfFindingSchema),
  /** True where long values or lists were cut. */
  truncated: z.boolean(),
});
export type WhatIfReport = z.infer<typeof whatIfReportSchema>;
