import {
  type Actor,
  type AggregateRef,
  COMMAND_VERSION,
  type CommandId,
  type ExecutionCommand,
  executionRef,
  isJsonObject,
  isTerminal,
  type Json,
  type Refusal,
  SCHEDULE_LABEL,
  type ScheduleCommand,
  type ScheduleCommit,
  SCHEDULED_FOR_LABEL,
  scheduleRef,
  type SentCommand,
} from '@throughline/contracts';
import type { CommandTo } from '../child-effects.ts';
import type { Effect } from '../effects.ts';
import { executionIdOf, type ExecutionState } from '../execution-state.ts';
import { derivedId } from '../hashes.ts';
import { type OpenRun, scheduleIdOf, type ScheduleState, type ScheduleTimer } from './schedule-state.ts';

/**
 * A schedule asks for its executions as a parent does for its children: by commands whose ids come from the log, so each may
 * be sent any number of times. What they say to it is judged by what it finds.
 */

const ENGINE: Actor = { kind: 'system', id: 'engine' };

const commandTo = (
  to: AggregateRef,
  about: readonly string[],
  traceparent: string | null,
  command: ExecutionCommand | ScheduleCommand,
): CommandTo => {
  // 32 hex digits are a subject token.
  const id = derivedId(...about) as CommandId;
  const envelope = { v: COMMAND_VERSION as typeof COMMAND_VERSION, id, actor: ENGINE };
  // The cast joins envelope and body, whose pairing the parameter's type has checked.
  const sent = { ...envelope, ...(traceparent === null ? {} : { traceparent }), ...command } as SentCommand;
  return { id: `${to.tenant}.${to.aggregateId}.${id}`, ref: to, command: sent };
};

const asEffect = (command: CommandTo): Effect => ({ kind: 'command', ...command });
const againEffect = (command: CommandTo): Effect => ({ kind: 'command', ...command, again: true });

/** Of one commit, given the state right after it; what the commit itself has closed again is left out. */
export const scheduleEffectsOf = (
  after: ScheduleState,
  { events, version }: Pick<ScheduleCommit, 'events' | 'version'>,
): readonly Effect[] =>
  events.flatMap((event): readonly Effect[] => {
    switch (event.type) {
      case 'ScheduleArmed':
        return after.timer?.id === event.timer ? [armEffect(after, after.timer)] : [];
      case 'ScheduleDisarmed':
        // A timer that the same commit armed was never published.
        return event.timer.startsWith(`${version}-`)
          ? []
          : [{ kind: 'cancel-timer', ref: after.ref, timer: event.timer }];
      case 'ScheduledRunRequested':
        return openRun(after, event.executionId).map((run) => asEffect(startRun(after, run)));
      // Its stop may have come before its start, and found nothing.
      case 'ScheduledRunStarted':
        return openRun(after, event.executionId)
          .filter(({ stopped }) => stopped)
          .map((run) => asEffect(stopRun(after, run)));
      case 'ScheduledRunStopped':
        return openRun(after, event.executionId).map((run) => asEffect(stopRun(after, run)));
      default:
        return [];
    }
  });

/** Everything that the state still waits for. */
export const awaitedBySchedule = (state: ScheduleState): readonly Effect[] => [
  ...(state.timer ? [armEffect(state, state.timer)] : []),
  ...state.open.filter(({ started }) => !started).map((run) => asEffect(startRun(state, run))),
];

/** Asks executions that were started long ago what has become of them, and those to be stopped to stop: either may be lost. */
export const askedOfRuns = (state: ScheduleState): readonly Effect[] =>
  state.open
    .filter(({ started }) => started)
    .flatMap((run) => [...(run.stopped ? [stopRun(state, run)] : []), askRun(state, run)])
    .map(againEffect);

const openRun = ({ open }: ScheduleState, executionId: string): readonly OpenRun[] =>
  open.filter((run) => run.executionId === executionId);

const armEffect = ({ ref, correlationId }: ScheduleState, { id, dueAt, traceparent }: ScheduleTimer): Effect => ({
  kind: 'arm-timer',
  id: `${ref.tenant}.schedule.${ref.aggregateId}.${id}`,
  ref,
  timer: id,
  dueAt,
  message: { v: 1, timer: id, dueAt, correlationId, ...(traceparent === null ? {} : { traceparent }) },
});

const startRun = ({ ref, putBy }: ScheduleState, { executionId, instant, spec, traceparent }: OpenRun): CommandTo => {
  const { workflow, version, input = {}, labels } = spec;
  const scheduleId = scheduleIdOf(ref);
  return commandTo(executionRef(ref.tenant, executionId), ['scheduled-start', executionId], traceparent, {
    type: 'StartExecution',
    body: {
      workflow,
      ...(version === undefined ? {} : { version }),
      input: withInstant(input, instant),
      trigger: 'scheduled',
      labels: { ...labels, [SCHEDULE_LABEL]: scheduleId, [SCHEDULED_FOR_LABEL]: instant },
      schedule: { scheduleId, instant },
      // Who made the schedule asked for its runs, and may not approve them.
      ...(putBy === null ? {} : { requestedBy: putBy.id }),
    },
  });
};

/** As AWS's scheduler has it: the text in an input becomes the instant that the execution is for. */
const INSTANT_PLACEHOLDER = '<aws.scheduler.scheduled-time>';

const withInstant = (value: Json, instant: string): Json => {
  if (typeof value === 'string') return value.replaceAll(INSTANT_PLACEHOLDER, instant);
  if (Array.isArray(value)) return value.map((item: Json) => withInstant(item, instant));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withInstant(part, instant)]));
};

const stopRun = ({ ref }: ScheduleState, { executionId }: OpenRun): CommandTo =>
  commandTo(executionRef(ref.tenant, executionId), ['scheduled-stop', executionId], null, {
    type: 'CancelExecution',
    body: { reason: `the next instant of schedule ${ref.aggregateId} is due` },
  });

const askRun = ({ ref }: ScheduleState, { executionId }: OpenRun): CommandTo =>
  commandTo(executionRef(ref.tenant, executionId), ['scheduled-ask', executionId], null, {
    type: 'ReportToParent',
    body: {},
  });

/** What an execution has to tell the schedule that asked for it; undefined where none did. */
export const reportToSchedule = ({ ref, start, status }: ExecutionState): CommandTo | undefined => {
  if (!start?.schedule) return undefined;
  const told = isTerminal(status) ? status : 'running';
  const to = scheduleRef(ref.tenant, start.schedule.scheduleId);
  return commandTo(to, ['scheduled-report', ref.aggregateId, told], start.traceparent, {
    type: 'RecordScheduledRun',
    body: { executionId: executionIdOf(ref), status: told },
  });
};

const MESSAGE_CHARS_MAX = 2_000;

/** A refusal leaves no commit, so what it means to the schedule follows from the refused start. */
export const reportOfRefusedRun = (ref: AggregateRef, command: SentCommand, refusal: Refusal): readonly CommandTo[] => {
  if (command.type !== 'StartExecution' || !command.body.schedule) return [];
  const to = scheduleRef(ref.tenant, command.body.schedule.scheduleId);
  const { code, message } = refusal;
  return [
    commandTo(to, ['scheduled-refused', ref.aggregateId], command.traceparent ?? null, {
      type: 'RecordScheduledRun',
      body: {
        // An execution's aggregate id is its execution id.
        executionId: ref.aggregateId as never,
        status: 'refused',
        code,
        message: message.slice(0, MESSAGE_CHARS_MAX),
      },
    }),
  ];
};
