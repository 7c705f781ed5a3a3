import {
  assertNever,
  type FoundNext,
  INTERVAL_SECONDS_MAX,
  INTERVAL_SECONDS_MIN,
  type Refusal,
  type ScheduleEvent,
  type ScheduleSpec,
} from '@throughline/contracts';
import { type Decision, type Env, refused, type ScheduleCommandRecord } from '../decider.ts';
import { canonicalHash } from '../hashes.ts';
import { jsonBytes } from '../json-size.ts';
import { overlapVerdict, runOfInstant, runOfTrigger, ScheduleRun } from './schedule-run.ts';
import type { ScheduleState } from './schedule-state.ts';

type ScheduleDecision = Decision<ScheduleState, ScheduleEvent>;
type CommandOf<T extends ScheduleCommandRecord['type']> = Extract<ScheduleCommandRecord, { type: T }>;
type Refused = { readonly kind: 'refused'; readonly refusal: Refusal };

export const decideSchedule = (state: ScheduleState, command: ScheduleCommandRecord, env: Env): ScheduleDecision => {
  if (command.type === 'PutSchedule') return put(state, command, env);
  // A report may come late, and is about an execution that has ended all the same.
  if (command.type === 'RecordScheduledRun') return recordRun(state, command);
  if (state.status === 'none' || state.status === 'deleted') {
    return refused('TL0150', `there is no schedule ${state.ref.aggregateId}`);
  }
  switch (command.type) {
    case 'PauseSchedule':
      return pause(state, command);
    case 'ResumeSchedule':
      return resume(state, command);
    case 'DeleteSchedule':
      return remove(state, command);
    case 'TriggerSchedule':
      return trigger(state, command);
    case 'FireSchedule':
      return fire(state, command, env);
    default:
      return assertNever(command);
  }
};

const put = (state: ScheduleState, command: CommandOf<'PutSchedule'>, env: Env): ScheduleDecision => {
  const { spec, found } = command.body;
  const inputMax = env.limits.stateDataBytesMax;
  if (spec.input !== undefined && env.bodyBytes > inputMax && jsonBytes(spec.input) > inputMax) {
    return refused('TL0005', `States.DataLimitExceeded: the input is larger than ${inputMax} bytes`);
  }
  const tooShort = intervalFault(spec);
  if (tooShort) return tooShort;
  if (!found) throw new Error('nobody has looked at the calendar');
  if (found.workflow === 'unknown') return refused('TL0101', `there is no workflow '${spec.workflow}'`);
  if (found.workflow === 'unknown-version') {
    return refused('TL0102', `there is no version ${spec.version} of a workflow '${spec.workflow}'`);
  }
  const fault = timingFault(spec, found.timing);
  if (fault) return fault;
  const there = state.status === 'active' || state.status === 'paused';
  // What is there already is left alone: an interval would otherwise begin anew, and nobody asked for that.
  if (there && state.spec && canonicalHash({ ...state.spec }) === canonicalHash({ ...spec }))
    return { kind: 'ignored' };
  const run = new ScheduleRun(state, command);
  run.emit({ type: 'SchedulePut' });
  // A policy that now allows it must not let later instants overtake the one that waits.
  run.startQueued();
  run.disarm();
  armNext(run, found.timing);
  return run.accepted();
};

const intervalFault = ({ timing }: ScheduleSpec): Refused | undefined => {
  if (timing.kind !== 'interval') return undefined;
  const { everySeconds } = timing;
  if (
    everySeconds >= INTERVAL_SECONDS_MIN &&
    everySeconds <= INTERVAL_SECONDS_MAX &&
    Number.isInteger(everySeconds * 1_000)
  ) {
    return undefined;
  }
  const range = `${INTERVAL_SECONDS_MIN} to ${INTERVAL_SECONDS_MAX} seconds, in whole milliseconds`;
  return refused('TL0153', `an interval of ${everySeconds} s is not possible: ${range}`);
};

const timingFault = ({ timing }: ScheduleSpec, found: FoundNext): Refused | undefined => {
  const zone = timing.kind === 'cron' ? timing.timeZone : undefined;
  const expression = timing.kind === 'cron' ? timing.expression : '';
  if (found.kind === 'bad-timing') {
    switch (found.problem) {
      case 'expression':
        return refused('TL0151', `'${expression}' is no cron expression: ${found.why}`);
      case 'time-zone':
        return refused('TL0152', `there is no time zone '${zone}'`);
      default:
        return assertNever(found.problem);
    }
  }
  return found.next === null ? refused('TL0154', `'${expression}' never comes`) : undefined;
};

const armNext = (run: ScheduleRun, found: FoundNext): void => {
  if (run.state.status === 'active' && found.kind === 'calendar' && found.next !== null) run.arm(found.next);
};

const pause = (state: ScheduleState, command: CommandOf<'PauseSchedule'>): ScheduleDecision => {
  if (state.status === 'paused') return { kind: 'ignored' };
  const run = new ScheduleRun(state, command);
  run.emit({ type: 'SchedulePaused' });
  run.disarm();
  run.dropQueued('paused');
  return run.accepted();
};

/** From the next instant on: those that passed in the meantime were not wanted. */
const resume = (state: ScheduleState, command: CommandOf<'ResumeSchedule'>): ScheduleDecision => {
  if (state.status === 'active') return { kind: 'ignored' };
  const { found } = command.body;
  if (!found || !state.spec) throw new Error('nobody has looked at the calendar');
  const fault = timingFault(state.spec, found.timing);
  if (fault) return fault;
  const run = new ScheduleRun(state, command);
  run.emit({ type: 'ScheduleResumed' });
  armNext(run, found.timing);
  return run.accepted();
};

const remove = (state: ScheduleState, command: CommandOf<'DeleteSchedule'>): ScheduleDecision => {
  const run = new ScheduleRun(state, command);
  run.emit({ type: 'ScheduleDeleted' });
  run.disarm();
  run.dropQueued('deleted');
  return run.accepted();
};

/** By hand, paused or not; who asks is told where the overlap policy does not let it run. */
const trigger = (state: ScheduleState, command: CommandOf<'TriggerSchedule'>): ScheduleDecision => {
  const verdict = overlapVerdict(state);
  if (verdict.kind === 'skip' || (verdict.kind !== 'start' && state.status === 'paused')) {
    const why = verdict.kind === 'skip' ? verdict.why : 'paused';
    const open = state.open.map(({ executionId }) => executionId).slice(0, 10);
    return refused('TL0155', `an execution of ${state.ref.aggregateId} still runs (${why})`, { why, open });
  }
  const run = new ScheduleRun(state, command);
  run.take(runOfTrigger(state, command.id, command.at));
  return run.accepted();
};

const fire = (state: ScheduleState, command: CommandOf<'FireSchedule'>, env: Env): ScheduleDecision => {
  const { timer, found } = command.body;
  if (state.timer?.id !== timer) return refused('TL0108', `timer ${timer} is not armed`);
  const { dueAt } = state.timer;
  // Both are UTC with milliseconds, so they compare as text.
  if (env.at < dueAt) return refused('TL0108', `timer ${timer} is due at ${dueAt} only`, { dueAt });
  if (!found) throw new Error('nobody has looked at the calendar');
  const run = new ScheduleRun(state, command);
  run.emit({ type: 'ScheduleFired', timer });
  if (found.missed > 0) run.emit({ type: 'ScheduleInstantsMissed', count: found.missed });
  for (const instant of found.due) {
    const { lastInstant } = run.state;
    if (lastInstant !== null && instant <= lastInstant) continue;
    run.take(runOfInstant(state, instant, instant === dueAt ? 'due' : 'caught-up'));
  }
  if (found.next !== null) run.arm(found.next);
  return run.accepted();
};

/** What an execution says of itself, or a refusal of its start; only the first word on each change counts. */
const recordRun = (state: ScheduleState, command: CommandOf<'RecordScheduledRun'>): ScheduleDecision => {
  const { executionId, status } = command.body;
  const open = state.open.find((run) => run.executionId === executionId);
  if (!open) return { kind: 'ignored' };
  const run = new ScheduleRun(state, command);
  if (status === 'running') {
    if (open.started) return { kind: 'ignored' };
    run.emit({ type: 'ScheduledRunStarted', executionId });
    return run.accepted();
  }
  run.emit({ type: 'ScheduledRunEnded', executionId });
  run.startQueued();
  return run.accepted();
};
