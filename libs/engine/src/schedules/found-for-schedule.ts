import {
  CATCH_UP_INSTANTS_MAX,
  type FoundNext,
  type Instant,
  MISSED_COUNT_MAX,
  type ScheduleSpec,
  type ScheduleTiming,
  type SentCommand,
  type Tenant,
} from '@throughline/contracts';
import type { ScheduleState } from '@throughline/execution';
import type { WorkflowCatalog } from '../commands/workflow-catalog.ts';
import { instantOf, type LogClock } from '../log-clock.ts';
import { type Calendar, calendarOf } from './calendar.ts';

/** What deciding about schedules has to be told. */
export interface Surroundings {
  readonly catalog: WorkflowCatalog;
  readonly clock: LogClock;
  readonly nowMs: number;
}

/**
 * A command for a schedule with what deciding it has to know from outside the log: instants of the calendar, and whether there
 * is such a workflow. It is recorded with the command, so replay asks neither again. What a sender wrote there is replaced.
 */
export const foundForSchedule = async (
  command: SentCommand,
  at: Instant,
  state: ScheduleState,
  surroundings: Surroundings,
): Promise<SentCommand> => {
  switch (command.type) {
    case 'PutSchedule': {
      const { spec } = command.body;
      const workflow = await foundWorkflow(surroundings.catalog, state.ref.tenant, spec);
      // What an interval without a beginning is counted from is the time of this command.
      return { ...command, body: { spec, found: { workflow, timing: nextOf(spec, at, at) } } };
    }
    case 'ResumeSchedule': {
      const { found: _, ...body } = command.body;
      if (!state.spec) return { ...command, body };
      return { ...command, body: { ...body, found: { timing: nextOf(state.spec, anchorOf(state), at) } } };
    }
    case 'FireSchedule': {
      const { timer } = command.body;
      const { spec } = state;
      if (!spec || state.timer?.id !== timer) return { ...command, body: { timer } };
      const seenMs = Math.max(Date.parse(surroundings.clock.recordedAt(surroundings.nowMs)), Date.parse(at));
      const calendar = readCalendar(spec, anchorOf(state));
      const seenAt = instantOf(seenMs);
      // Time zone data that no longer has the zone cannot say what comes next: the schedule then waits for somebody to put it.
      if (calendar.kind === 'bad-timing') {
        return { ...command, body: { timer, found: { seenAt, due: [state.timer.dueAt], missed: 0, next: null } } };
      }
      const caughtUp = catchUp(calendar.of, {
        dueMs: Date.parse(state.timer.dueAt),
        seenMs,
        windowMs: spec.catchUpSeconds * 1_000,
      });
      return { ...command, body: { timer, found: { seenAt, ...caughtUp } } };
    }
    default:
      return command;
  }
};

/** What an interval is counted from; nothing else has an anchor. */
const anchorOf = ({ anchor, createdAt }: ScheduleState): Instant => anchor ?? createdAt ?? instantOf(0);

type ReadCalendar = { readonly kind: 'calendar'; readonly of: Calendar } | Extract<FoundNext, { kind: 'bad-timing' }>;

const readCalendar = ({ timing }: ScheduleSpec, anchor: Instant): ReadCalendar => {
  const from = timing.kind === 'interval' ? (timing.from ?? anchor) : anchor;
  const read = calendarOf(timing, Date.parse(from));
  return read.ok
    ? { kind: 'calendar', of: read.calendar }
    : { kind: 'bad-timing', problem: read.problem, why: read.why };
};

const nextOf = (spec: ScheduleSpec, anchor: Instant, after: Instant): FoundNext => {
  const calendar = readCalendar(spec, anchor);
  return calendar.kind === 'bad-timing'
    ? calendar
    : { kind: 'calendar', next: written(calendar.of.nextAfter(Date.parse(after))) };
};

const written = (ms: number | undefined): Instant | null => (ms === undefined ? null : instantOf(ms));

/** From the next instant on, for people: nothing is decided by them. Every instant of an interval can be counted from. */
export const upcomingInstants = (timing: ScheduleTiming, next: Instant | null, count: number): Instant[] => {
  if (next === null) return [];
  const read = calendarOf(timing, Date.parse(next));
  const found = [next];
  let ms = read.ok ? read.calendar.nextAfter(Date.parse(next)) : undefined;
  while (read.ok && ms !== undefined && found.length < count) {
    found.push(instantOf(ms));
    ms = read.calendar.nextAfter(ms);
  }
  return found;
};

const foundWorkflow = async (
  catalog: WorkflowCatalog,
  tenant: Tenant,
  { workflow, version }: ScheduleSpec,
): Promise<'known' | 'unknown' | 'unknown-version'> => {
  if (await catalog.resolve(tenant, workflow, version)) return 'known';
  return version !== undefined && (await catalog.resolve(tenant, workflow)) ? 'unknown-version' : 'unknown';
};

/** Steps back from now: doubled until enough instants are found, so that neither every second nor every year costs much. */
const LOOK_BACK_FIRST_MS = 60_000;

interface Late {
  readonly dueMs: number;
  readonly seenMs: number;
  readonly windowMs: number;
}

/** The latest instants that are not too late, how many before them are, and the next one. */
export const catchUp = (
  calendar: Calendar,
  { dueMs, seenMs, windowMs }: Late,
): { readonly due: Instant[]; readonly missed: number; readonly next: Instant | null } => {
  const oldestMs = Math.max(dueMs, seenMs - windowMs);
  let due: number[] = [];
  for (let backMs = LOOK_BACK_FIRST_MS; ; backMs *= 2) {
    const fromMs = Math.max(oldestMs, seenMs - backMs);
    due = instantsBetween(calendar, fromMs - 1, seenMs, Number.POSITIVE_INFINITY);
    if (fromMs === oldestMs || due.length >= CATCH_UP_INSTANTS_MAX) break;
  }
  due = due.slice(-CATCH_UP_INSTANTS_MAX);
  const missed = instantsBetween(calendar, dueMs - 1, (due[0] ?? seenMs + 1) - 1, MISSED_COUNT_MAX).length;
  return { due: due.map(instantOf), missed, next: written(calendar.nextAfter(seenMs)) };
};

/** After `fromMs`, up to and with `toMs`. */
const instantsBetween = (calendar: Calendar, fromMs: number, toMs: number, countMax: number): number[] => {
  const found: number[] = [];
  for (let ms = calendar.nextAfter(fromMs); ms !== undefined && ms <= toMs && found.length < countMax;) {
    found.push(ms);
    ms = calendar.nextAfter(ms);
  }
  return found;
};
