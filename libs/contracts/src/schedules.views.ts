import { z } from 'zod';
import { actorSchema } from './commands.ts';
import { TERMINAL_STATUSES } from './execution.events.ts';
import { executionIdSchema, instantSchema, scheduleIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import { overlapSchema, runCauseSchema, scheduleTimingSchema, skipReasonSchema } from './schedule.messages.ts';

const instant = { executionId: executionIdSchema, instant: instantSchema, cause: runCauseSchema };

export const scheduleViewSchema = z.strictObject({
  id: scheduleIdSchema,
  status: z.enum(['active', 'paused', 'deleted']),
  workflow: z.strictObject({ name: z.string(), version: z.int().nullable() }),
  input: jsonSchema.optional(),
  labels: z.record(z.string(), z.string()),
  description: z.string().nullable(),
  timing: scheduleTimingSchema,
  overlap: overlapSchema,
  catchUpSeconds: z.int(),
  /** The next instants, as the engine's time zone data has them now; of a list's items, the first one. */
  next: z.array(instantSchema),
  running: z.array(
    z.strictObject({
      ...instant,
      requestedAt: instantSchema,
      /** The execution has said so; a start that is refused ends the run. */
      started: z.boolean(),
      /** It was cancelled to make room. */
      stopped: z.boolean(),
    }),
  ),
  /** Starts when what runs has ended. */
  queued: z.strictObject(instant).nullable(),
  /** The latest ones, newest first. */
  last: z.array(
    z.strictObject({
      ...instant,
      outcome: z.enum([...TERMINAL_STATUSES, 'refused', 'skipped']),
      why: skipReasonSchema.nullable(),
      code: z.string().nullable(),
      message: z.string().nullable(),
      at: instantSchema,
    }),
  ),
  counts: z.strictObject({ requested: z.int(), skipped: z.int(), missed: z.int() }),
  createdAt: instantSchema,
  putAt: instantSchema,
  putBy: actorSchema,
  version: z.int(),
});
export type ScheduleView = z.infer<typeof scheduleViewSchema>;

export const scheduleTriggeredSchema = z.strictObject({
  executionId: executionIdSchema,
  /** It starts when what runs has ended. */
  queued: z.boolean(),
});
export type ScheduleTriggered = z.infer<typeof scheduleTriggeredSchema>;
