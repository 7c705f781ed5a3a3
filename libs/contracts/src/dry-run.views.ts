import { z } from 'zod';

import { executionIdSchema, instantSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import { causeSchema, errorNameSchema, stateNameSchema } from './names.ts';

/** A walk through a machine in memory: what would happen if every task, callback and child answered like this. */

/** How one attempt ends. */
export const dryRunAnswerSchema = z.union([
  z.strictObject({ output: jsonSchema }),
  z.strictObject({ error: errorNameSchema, cause: causeSchema.optional() }),
]);
export type DryRunAnswer = z.infer<typeof dryRunAnswerSchema>;

export const ANSWERS_PER_STATE_MAX = 1_000;
export const dryRunAnswersSchema = z.strictObject({
  /** By state: one answer for every attempt, or one for each in turn, of which the last is used again. */
  states: z
    .record(
      stateNameSchema,
      z.union([dryRunAnswerSchema, z.array(dryRunAnswerSchema).min(1).max(ANSWERS_PER_STATE_MAX)]),
    )
    .optional(),
  /** Where a state has none. */
  default: dryRunAnswerSchema.optional(),
});
export type DryRunAnswers = z.infer<typeof dryRunAnswersSchema>;

export const dryRunRequestSchema = z.strictObject({
  input: jsonSchema.optional(),
  version: z.int().positive().optional(),
  answers: dryRunAnswersSchema.optional(),
  /** An execution whose own answers are given, where `answers` has none. */
  recordedFrom: executionIdSchema.optional(),
  /** Stops before it enters this state. */
  until: stateNameSchema.optional(),
});

export const DRY_RUN_ENDS = ['succeeded', 'failed', 'timed_out', 'stopped', 'unanswered', 'bounded'] as const;
export const dryRunReportSchema = z.strictObject({
  /** `stopped`: before the state of `until`. `unanswered`: a task had no answer. `bounded`: it is too long for a dry run. */
  status: z.enum(DRY_RUN_ENDS),
  output: jsonSchema.optional(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  /** On the simulated clock. */
  startedAt: instantSchema,
  endedAt: instantSchema,
  /** Visits of states, in order of entry. */
  steps: z.array(
    z.strictObject({
      state: z.string(),
      type: z.string(),
      frame: z.string(),
      visit: z.int(),
      attempts: z.int(),
      enteredAt: instantSchema,
      exitedAt: instantSchema.nullable(),
      input: jsonSchema,
      output: jsonSchema.optional(),
      error: z.string().nullable(),
    }),
  ),
  /** What would have been called, and how it was answered; null: by nothing. */
  calls: z.array(
    z.strictObject({
      state: z.string(),
      frame: z.string(),
      attempt: z.int(),
      resource: z.string(),
      input: jsonSchema,
      answer: dryRunAnswerSchema.nullable(),
      from: z.enum(['answers', 'recorded', 'default']).nullable(),
    }),
  ),
  /** Waits that a real run would take, with how long. */
  waits: z.array(z.strictObject({ state: z.string(), purpose: z.string(), dueAt: instantSchema, seconds: z.number() })),
  /** States whose attempts had no answer. */
  unanswered: z.array(z.string()),
  /** True where lists were cut off. */
  truncated: z.boolean(),
});
export type DryRunReport = z.infer<typeof dryRunReportSchema>;
