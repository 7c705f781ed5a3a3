import { assertNever, type ScheduleEvent } from '@throughline/contracts';
import type { ScheduleCommandRecord } from '../decider.ts';
import { PAST_RUNS_MAX, type PastRun, type ScheduleState } from './schedule-state.ts';

export const evolveSchedule = (
  state: ScheduleState,
  event: ScheduleEvent,
  command: ScheduleCommandRecord,
): ScheduleState => ({ ...state, ...changed(state, event, command), roundEvents: state.roundEvents + 1 });

const changed = (
  state: ScheduleState,
  event: ScheduleEvent,
  command: ScheduleCommandRecord,
): Partial<ScheduleState> => {
  const { counts } = state;
  switch (event.type) {
    case 'SchedulePut':
      return put(state, command);
    case 'SchedulePaused':
      return { status: 'paused' };
    case 'ScheduleResumed':
      return { status: 'active' };
    case 'ScheduleDeleted':
      return { status: 'deleted' };
    case 'ScheduleArmed':
      return { timer: { id: event.timer, dueAt: event.dueAt, traceparent: command.traceparent ?? null } };
    case 'ScheduleDisarmed':
    case 'ScheduleFired':
      return { timer: null };
    case 'ScheduledRunRequested':
      return requested(state, event, command);
    case 'ScheduledRunQueued': {
      const { executionId, instant, cause } = event;
      return { queued: { executionId, instant, cause }, ...seen(state, event) };
    }
    case 'ScheduledRunSkipped': {
      const { executionId, instant, cause, why } = event;
      const run: PastRun = {
        executionId,
        instant,
        cause,
        outcome: 'skipped',
        why,
        code: null,
        message: null,
        at: command.at,
      };
      return {
        past: withPast(state, run),
        counts: { ...counts, skipped: counts.skipped + 1 },
        ...(state.queued?.executionId === executionId ? { queued: null } : seen(state, event)),
      };
    }
    case 'ScheduleInstantsMissed':
      return { counts: { ...counts, missed: counts.missed + event.count } };
    case 'ScheduledRunStopped':
      return { open: withRun(state, event.executionId, { stopped: true }) };
    case 'ScheduledRunStarted':
      return { open: withRun(state, event.executionId, { started: true }) };
    case 'ScheduledRunEnded':
      return ended(state, event.executionId, command);
    default:
      return assertNever(event);
  }
};

const put = (state: ScheduleState, command: ScheduleCommandRecord): Partial<ScheduleState> => {
  if (command.type !== 'PutSchedule') throw new Error(`SchedulePut by a ${command.type}`);
  const { spec } = command.body;
  const anew = state.status === 'none' || state.status === 'deleted';
  return {
    status: anew ? 'active' : state.status,
    spec,
    anchor: spec.timing.kind === 'interval' ? (spec.timing.from ?? command.at) : null,
    putAt: command.at,
    putBy: command.actor,
    ...(anew ? { createdAt: command.at } : {}),
  };
};

type InstantEvent = Extract<
  ScheduleEvent,
  { type: 'ScheduledRunRequested' | 'ScheduledRunQueued' | 'ScheduledRunSkipped' }
>;

/** A triggered run is for the time of its command, and no instant of the calendar. */
const seen = ({ lastInstant }: ScheduleState, { instant, cause }: InstantEvent): Partial<ScheduleState> =>
  cause === 'triggered' || (lastInstant !== null && lastInstant >= instant) ? {} : { lastInstant: instant };

const requested = (
  state: ScheduleState,
  event: Extract<ScheduleEvent, { type: 'ScheduledRunRequested' }>,
  command: ScheduleCommandRecord,
): Partial<ScheduleState> => {
  const { spec, counts, queued } = state;
  if (!spec) throw new Error(`a run of ${state.ref.aggregateId}, which was never put`);
  const { executionId, instant, cause } = event;
  const facts = { requestedAt: command.at, started: false, stopped: false, traceparent: command.traceparent ?? null };
  return {
    open: [...state.open, { executionId, instant, cause, spec, ...facts }],
    queued: queued?.executionId === executionId ? null : queued,
    counts: { ...counts, requested: counts.requested + 1 },
    ...seen(state, event),
  };
};

const ended = (state: ScheduleState, executionId: string, command: ScheduleCommandRecord): Partial<ScheduleState> => {
  if (command.type !== 'RecordScheduledRun') throw new Error(`ScheduledRunEnded by a ${command.type}`);
  const { status, code, message } = command.body;
  const run = state.open.find((open) => open.executionId === executionId);
  if (!run || status === 'running') throw new Error(`${executionId} is no open run that could end as ${status}`);
  const { instant, cause } = run;
  const facts = { outcome: status, why: null, code: code ?? null, message: message ?? null, at: command.at };
  return {
    open: state.open.filter((open) => open !== run),
    past: withPast(state, { executionId: run.executionId, instant, cause, ...facts }),
  };
};

const withPast = ({ past }: ScheduleState, run: PastRun): readonly PastRun[] => [
  run,
  ...past.slice(0, PAST_RUNS_MAX - 1),
];

const withRun = (
  { open }: ScheduleState,
  executionId: string,
  change: { readonly started: true } | { readonly stopped: true },
): ScheduleState['open'] => open.map((run) => (run.executionId === executionId ? { ...run, ...change } : run));
