import {
  type Actor,
  type AggregateRef,
  type ExecutionId,
  type Instant,
  type RunCause,
  RULES_VERSION,
  type SCHEDULED_RUN_STATUSES,
  type ScheduleId,
  type ScheduleSpec,
  type SkipReason,
  type TimerId,
} from '@throughline/contracts';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

/** An instant and the execution that it stands for. */
export interface ScheduledInstant {
  readonly executionId: ExecutionId;
  readonly instant: Instant;
  readonly cause: RunCause;
}

/** An execution that was asked for and has not ended. */
export interface OpenRun extends ScheduledInstant {
  /** As the schedule was when it was asked for: the start can then be sent again as it was. */
  readonly spec: ScheduleSpec;
  readonly requestedAt: Instant;
  /** It has said so. */
  readonly started: boolean;
  /** It was asked to end, to make room for the next one. */
  readonly stopped: boolean;
  readonly traceparent: string | null;
}

/** What an instant has come to. */
export interface PastRun extends ScheduledInstant {
  readonly outcome: Exclude<(typeof SCHEDULED_RUN_STATUSES)[number], 'running'> | 'skipped';
  readonly why: SkipReason | null;
  /** Of a refusal. */
  readonly code: string | null;
  readonly message: string | null;
  readonly at: Instant;
}

export const PAST_RUNS_MAX = 20;

export interface ScheduleTimer {
  readonly id: TimerId;
  readonly dueAt: Instant;
  readonly traceparent: string | null;
}

export interface ScheduleState extends AggregateState {
  readonly status: 'none' | 'active' | 'paused' | 'deleted';
  readonly spec: ScheduleSpec | null;
  /** What instants of an interval are counted from. */
  readonly anchor: Instant | null;
  readonly timer: ScheduleTimer | null;
  /** The latest instant that the timer brought: none is taken twice. */
  readonly lastInstant: Instant | null;
  readonly open: readonly OpenRun[];
  readonly queued: ScheduledInstant | null;
  /** The latest ones, newest first. */
  readonly past: readonly PastRun[];
  readonly counts: { readonly requested: number; readonly skipped: number; readonly missed: number };
  readonly createdAt: Instant | null;
  readonly putAt: Instant | null;
  readonly putBy: Actor | null;
}

export const initialSchedule = (ref: AggregateRef): ScheduleState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  status: 'none',
  spec: null,
  anchor: null,
  timer: null,
  lastInstant: null,
  open: [],
  queued: null,
  past: [],
  counts: { requested: 0, skipped: 0, missed: 0 },
  createdAt: null,
  putAt: null,
  putBy: null,
});

/** A schedule's aggregate id is its id: one subject token, only branded differently. */
export const scheduleIdOf = (ref: AggregateRef): ScheduleId => ref.aggregateId as unknown as ScheduleId;
