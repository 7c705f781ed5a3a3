import { z } from 'zod';
import { labelsSchema, workflowNameSchema } from './names.ts';
import { TERMINAL_STATUSES } from './execution.events.ts';
import {
  type AggregateId,
  type AggregateRef,
  executionIdSchema,
  instantSchema,
  type ScheduleId,
  type Tenant,
  timerIdSchema,
} from './ids.ts';
import { jsonSchema } from './json.ts';

/** Commands and events of the `schedule` aggregate: when a workflow is started, and what came of it. */

/** A schedule's aggregate id is its id: one subject token, only branded differently. */
export const scheduleRef = (tenant: Tenant, id: ScheduleId): AggregateRef => ({
  tenant,
  aggregate: 'schedule',
  aggregateId: id as unknown as AggregateId,
});

export const TIME_ZONE_DEFAULT = 'UTC';
export const INTERVAL_SECONDS_MIN = 1;
export const INTERVAL_SECONDS_MAX = 366 * 24 * 3_600;

/** Either is judged by decide, which says by a code of its own what is wrong with it. */
export const scheduleTimingSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('cron'),
    /** Five fields, or six with seconds before them. */
    expression: z.string().min(1).max(256),
    /** An IANA name; `UTC` where none is given. */
    timeZone: z.string().min(1).max(64).optional(),
  }),
  z.strictObject({
    kind: z.literal('interval'),
    everySeconds: z.number(),
    /** An instant that the others are counted from; absent: when the schedule was put. */
    from: instantSchema.optional(),
  }),
]);
export type ScheduleTiming = z.infer<typeof scheduleTimingSchema>;

/** What an instant does while an execution of the schedule still runs. */
export const OVERLAPS = ['skip', 'allow', 'cancel_previous', 'queue_one'] as const;
export const overlapSchema = z.enum(OVERLAPS);
export type Overlap = z.infer<typeof overlapSchema>;

/** An instant that comes so much too late, because the engine was down, is still started. */
export const CATCH_UP_SECONDS = { min: 10, preset: 3_600, max: 7 * 24 * 3_600 } as const;
/** Instants that are caught up on at once: the latest ones. */
export const CATCH_UP_INSTANTS_MAX = 20;
/** Executions of one schedule that run at once, whatever it allows. */
export const SCHEDULED_RUNS_MAX = 100;
/** The engine adds two of its own. */
const LABELS_OF_ENGINE = 2;

export const SCHEDULE_LABEL = 'throughline.schedule';
export const SCHEDULED_FOR_LABEL = 'throughline.scheduled-for';

export const scheduleSpecSchema = z.strictObject({
  workflow: workflowNameSchema,
  /** Absent: the latest version at each instant. */
  version: z.int().positive().optional(),
  input: jsonSchema.optional(),
  labels: labelsSchema
    .refine((labels) => Object.keys(labels).length <= 50 - LABELS_OF_ENGINE, {
      error: `must be at most ${50 - LABELS_OF_ENGINE} labels`,
    })
    .optional(),
  description: z.string().max(1_024).optional(),
  timing: scheduleTimingSchema,
  overlap: overlapSchema.default('skip'),
  catchUpSeconds: z.int().min(CATCH_UP_SECONDS.min).max(CATCH_UP_SECONDS.max).default(CATCH_UP_SECONDS.preset),
});
export type ScheduleSpec = z.infer<typeof scheduleSpecSchema>;

/**
 * What the engine found outside of the log when it took the command: calendars and time zones change with the machine, so
 * they are recorded input. A sender's own is replaced.
 */
const foundNextSchema = z.discriminatedUnion('kind', [
  /** `next` is null where there is no instant any more. */
  z.strictObject({ kind: z.literal('calendar'), next: instantSchema.nullable() }),
  z.strictObject({ kind: z.literal('bad-timing'), problem: z.enum(['expression', 'time-zone']), why: z.string() }),
]);
export type FoundNext = z.infer<typeof foundNextSchema>;
export const foundWorkflowSchema = z.enum(['known', 'unknown', 'unknown-version']);

export const putScheduleSchema = z.strictObject({
  spec: scheduleSpecSchema,
  found: z.strictObject({ workflow: foundWorkflowSchema, timing: foundNextSchema }).optional(),
});
const reason = { reason: z.string().max(1_024).optional() };
export const resumeScheduleSchema = z.strictObject({
  ...reason,
  found: z.strictObject({ timing: foundNextSchema }).optional(),
});
export const fireScheduleSchema = z.strictObject({
  timer: timerIdSchema,
  found: z
    .strictObject({
      /** When the engine took the timer: later than it fired where the engine was down. */
      seenAt: instantSchema,
      /** The instants up to then that are not too late, oldest first. */
      due: z.array(instantSchema).max(CATCH_UP_INSTANTS_MAX),
      /** How many are too late; more than it counts to where it stands at its bound. */
      missed: z.int().nonnegative(),
      next: instantSchema.nullable(),
    })
    .optional(),
});
export const MISSED_COUNT_MAX = 1_000;

/** What became of an execution that the schedule asked for. It may say so again, and is then not recorded again. */
export const SCHEDULED_RUN_STATUSES = ['running', ...TERMINAL_STATUSES, 'refused'] as const;
export const recordScheduledRunSchema = z.strictObject({
  executionId: executionIdSchema,
  status: z.enum(SCHEDULED_RUN_STATUSES),
  /** Of a refusal. */
  code: z.string().max(16).optional(),
  message: z.string().max(2_048).optional(),
});

export const scheduleCommandBodies = {
  PutSchedule: putScheduleSchema,
  PauseSchedule: z.strictObject(reason),
  ResumeSchedule: resumeScheduleSchema,
  DeleteSchedule: z.strictObject(reason),
  TriggerSchedule: z.strictObject(reason),
  FireSchedule: fireScheduleSchema,
  RecordScheduledRun: recordScheduledRunSchema,
} as const;

export const RUN_CAUSES = ['due', 'caught-up', 'triggered'] as const;
export const runCauseSchema = z.enum(RUN_CAUSES);
export type RunCause = z.infer<typeof runCauseSchema>;
/** Why an instant started nothing. */
export const SKIP_REASONS = ['overlap', 'queue-full', 'too-many', 'replaced', 'paused', 'deleted'] as const;
export const skipReasonSchema = z.enum(SKIP_REASONS);
export type SkipReason = z.infer<typeof skipReasonSchema>;

const run = { executionId: executionIdSchema, instant: instantSchema, cause: runCauseSchema };

export const scheduleEventSchema = z.discriminatedUnion('type', [
  /** What was put is the causing command's `spec`. */
  z.strictObject({ type: z.literal('SchedulePut') }),
  z.strictObject({ type: z.literal('SchedulePaused') }),
  z.strictObject({ type: z.literal('ScheduleResumed') }),
  z.strictObject({ type: z.literal('ScheduleDeleted') }),
  z.strictObject({ type: z.literal('ScheduleArmed'), timer: timerIdSchema, dueAt: instantSchema }),
  z.strictObject({ type: z.literal('ScheduleDisarmed'), timer: timerIdSchema }),
  z.strictObject({ type: z.literal('ScheduleFired'), timer: timerIdSchema }),
  z.strictObject({ type: z.literal('ScheduledRunRequested'), ...run }),
  z.strictObject({ type: z.literal('ScheduledRunQueued'), ...run }),
  z.strictObject({ type: z.literal('ScheduledRunSkipped'), ...run, why: skipReasonSchema }),
  /** Instants that were too late to be caught up on. */
  z.strictObject({ type: z.literal('ScheduleInstantsMissed'), count: z.int().positive() }),
  z.strictObject({ type: z.literal('ScheduledRunStopped'), executionId: executionIdSchema }),
  z.strictObject({ type: z.literal('ScheduledRunStarted'), executionId: executionIdSchema }),
  /** How, the causing command says. */
  z.strictObject({ type: z.literal('ScheduledRunEnded'), executionId: executionIdSchema }),
]);
export type ScheduleEvent = z.infer<typeof scheduleEventSchema>;
