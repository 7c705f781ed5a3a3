import type {
  EventData,
  ExecutionEvent,
  Json,
  RecordedExecutionCommand,
  StepPlace,
  WhatIfDifference,
} from '@throughline/contracts';
import { isJsonObject } from '@throughline/contracts';
import { type CommitAt, type ExecutionState, frameOf, openRequests, walkCommit } from '@throughline/execution';
import { firstDifference } from '../json-difference.ts';

/** Says of which definition it is, not what was done by it. */
const withoutDefinition = (event: ExecutionEvent): ExecutionEvent => {
  if (event.type !== 'ExecutionStarted' && event.type !== 'ExecutionMigrated') return event;
  const { errorRules: _errorRules, ...pinned } = event;
  return { ...pinned, workflow: { ...event.workflow, states: 1 } };
};

const same = (a: ExecutionEvent | undefined, b: ExecutionEvent | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  (JSON.stringify(a) === JSON.stringify(b) ||
    (a.type === b.type && JSON.stringify(withoutDefinition(a)) === JSON.stringify(withoutDefinition(b))));

/** The index of the first event that differs; undefined where none does. */
export const differsAt = (
  recorded: readonly ExecutionEvent[],
  decided: readonly ExecutionEvent[],
): number | undefined => {
  for (let i = 0; i < Math.max(recorded.length, decided.length); i += 1) {
    if (!same(recorded[i], decided[i])) return i;
  }
  return undefined;
};

/** One event of a commit with the state that it finds; without one at that index, the state after the commit. */
interface Place {
  readonly event?: ExecutionEvent;
  readonly command?: RecordedExecutionCommand;
  readonly state: ExecutionState;
}

const placeAt = (before: ExecutionState, logged: CommitAt | undefined, index: number): Place => {
  if (!logged) return { state: before };
  let found: Place | undefined;
  const after = walkCommit(before, logged, ({ event, command, index: i, before: state }) => {
    if (i === index) found = { event, command, state };
  });
  return found ?? { state: after };
};

/** What a person wants to know of a difference: where, and the data themselves rather than how the log points at them. */
export const describeDifference = (
  before: ExecutionState,
  recorded: CommitAt,
  decided: CommitAt | undefined,
  { index, refusal }: { readonly index: number; readonly refusal: string | undefined },
): WhatIfDifference => {
  const [was, is] = [placeAt(before, recorded, index), placeAt(before, decided, index)];
  const [expected, actual] = [shown(was), shown(is)];
  const difference = firstDifference(expected, actual);
  return {
    commit: recorded.commit.version,
    event: index,
    step: (was.event && stepOf(was.state, was.event)) ?? (is.event && stepOf(is.state, is.event)) ?? null,
    pointer: difference?.pointer ?? '',
    expected: difference?.expected ?? null,
    actual: difference?.actual ?? null,
    reason: refusal ?? reasonOf(was.event, is.event),
  };
};

const reasonOf = (was: ExecutionEvent | undefined, is: ExecutionEvent | undefined): string => {
  if (was && is) return was.type === is.type ? `another ${was.type}` : `${is.type} in the place of ${was.type}`;
  return was ? `no ${was.type}` : `${is?.type ?? 'nothing'} beside what was recorded`;
};

const shown = ({ event, command, state }: Place): Json => {
  if (!event) return null;
  const full = withoutDefinition(event);
  // An event is JSON; the cast says what its type cannot.
  return { ...full, ...writtenOut(full, command, state) } as unknown as Json;
};

/** The data that an event stands for, in the place of a reference or of nothing. */
const writtenOut = (
  event: ExecutionEvent,
  command: RecordedExecutionCommand | undefined,
  state: ExecutionState,
): Readonly<Record<string, Json>> => {
  switch (event.type) {
    case 'StateExited':
      return { output: dataOf(event.output, frameOf(state.frames, event.frame).data, command) };
    case 'StepScheduled':
    case 'ParallelStarted':
      return { input: dataOf(event.input, frameOf(state.frames, event.frame).data, command) };
    case 'MapStarted':
    case 'MapItemsRead':
      return { items: dataOf(event.items, frameOf(state.frames, event.frame).data, command) };
    default:
      return {};
  }
};

const dataOf = (data: EventData | undefined, before: Json, command: RecordedExecutionCommand | undefined): Json => {
  if (data === undefined) return before;
  if ('value' in data) return data.value;
  // Bodies are JSON objects.
  const body = (command?.body ?? null) as Json;
  return (isJsonObject(body) ? body[data.ref] : undefined) ?? null;
};

/** The step that an event is about, given the state right before it; undefined where it is about the execution. */
export const stepOf = (state: ExecutionState, event: ExecutionEvent): StepPlace | undefined => {
  const id = frameIdOf(state, event);
  const frame = id === undefined ? undefined : state.frames.byId.get(id);
  if (!frame) return undefined;
  if (event.type !== 'StateEntered') return { state: frame.state, frame: frame.id, visit: frame.visit };
  const visits = Object.hasOwn(frame.visits, event.state) ? (frame.visits[event.state] ?? 0) : 0;
  return { state: event.state, frame: frame.id, visit: visits + 1 };
};

const frameIdOf = (state: ExecutionState, event: ExecutionEvent): string | undefined => {
  if ('frame' in event) return event.frame;
  if ('token' in event && event.token !== undefined) return state.attempts.get(event.token)?.frame;
  if ('timer' in event) return state.timers.get(event.timer)?.frame;
  if ('request' in event) return openRequests(state.locks).find(({ token }) => token === event.request)?.frame;
  return undefined;
};
