import { jsonSchema } from '@throughline/contracts';
import { z } from 'zod';

/** One execution as AWS recorded it. Fields that this reader does not know are let through: the form may grow. */

export const recordedEventSchema = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  input: jsonSchema.optional(),
  output: jsonSchema.optional(),
  error: jsonSchema.optional(),
  cause: jsonSchema.optional(),
  index: z.number().optional(),
  length: z.number().optional(),
  assignedVariables: jsonSchema.optional(),
});
export type RecordedEvent = z.infer<typeof recordedEventSchema>;

/** What one task did. `TaskSucceeded`, `LambdaFunctionFailed`, `ActivityTimedOut`, …: only the ending says what it means. */
export const taskOutcomeSchema = z.looseObject({
  type: z.string(),
  output: jsonSchema.optional(),
  error: z.string().nullable().optional(),
  cause: jsonSchema.optional(),
  resource: z.string().optional(),
  resourceType: z.string().optional(),
});
export type TaskOutcome = z.infer<typeof taskOutcomeSchema>;

export const AWS_STATUSES = ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'] as const;
export type AwsStatus = (typeof AWS_STATUSES)[number];

export const recordedCaseSchema = z.looseObject({
  id: z.string().min(1),
  name: z.string(),
  source: z.string(),
  definition: jsonSchema,
  input: jsonSchema,
  taskOutcomes: z.array(taskOutcomeSchema).default([]),
  expected: z.looseObject({
    status: z.enum(AWS_STATUSES),
    output: jsonSchema.optional(),
    error: jsonSchema.optional(),
    cause: jsonSchema.optional(),
    events: z.array(recordedEventSchema).default([]),
  }),
  /** Why no honest implementation can pass it. */
  excluded: z.string().optional(),
  /** Why its events cannot be compared. */
  level1Only: z.string().optional(),
});
export type RecordedCase = z.infer<typeof recordedCaseSchema>;
