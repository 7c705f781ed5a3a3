import type { ExecutionCommandRecord } from './decider.ts';
import { type EventOf, valueOf } from './event-data.ts';
import { moving } from './evolve-control.ts';
import { afterMove, childExited } from './evolve-fan-out.ts';
import type { ExecutionState } from './execution-state.ts';
import { type Frame, frameOf, hasMapRun, withFrame, withoutDescendants } from './frames.ts';
import { historyCounted, lastHistoryEventId } from './history-event-ids.ts';

/** Of a state that has something to wait for. */
export const WAITS = { continuationsWithoutProgress: 0, continuationsWithoutWait: 0 } as const;

/** A frame changed, and `n` events of AWS's history. */
export const counted = (state: ExecutionState, id: string, n: number, change?: Partial<Frame>): ExecutionState => {
  const frames = change ? withFrame(state.frames, { ...frameOf(state.frames, id), ...change }) : state.frames;
  return { ...state, roundEvents: state.roundEvents + 1, ...historyCounted(state.historyEventId, frames, id, n) };
};

/** The end of a Map state, and of its Map Run where it shows one. */
export const mapRunEvents = (state: ExecutionState, id: string): number =>
  hasMapRun(frameOf(state.frames, id)) ? 2 : 1;

export const withoutChildren = (state: ExecutionState, id: string): ExecutionState => {
  const frames = withoutDescendants(state.frames, id);
  const frame: Frame = { ...frameOf(frames, id), phase: { kind: 'inside' }, fanOut: null };
  return { ...state, frames: withFrame(frames, frame) };
};

export const entered = (
  state: ExecutionState,
  event: EventOf<'StateEntered'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const before = frameOf(state.frames, event.frame);
  const visit = (Object.hasOwn(before.visits, event.state) ? (before.visits[event.state] ?? 0) : 0) + 1;
  const frame: Frame = {
    ...before,
    phase: { kind: 'inside' },
    state: event.state,
    stateType: event.stateType,
    enteredAt: command.at,
    enteredEventId: lastHistoryEventId(state.historyEventId, state.frames, event.frame) + 1,
    visit,
    visits: { ...before.visits, [event.state]: visit },
    attempts: 0,
    retries: [],
    fanOut: null,
  };
  const after = historyCounted(state.historyEventId, withFrame(state.frames, frame), event.frame, 1);
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    status: moving(state, 'running'),
    ...after,
    continuation: afterMove(state, command),
  };
};

export const exited = (
  state: ExecutionState,
  event: EventOf<'StateExited'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const before = frameOf(state.frames, event.frame);
  const isEnd = event.next === undefined;
  const frame: Frame = {
    ...before,
    phase: event.next === undefined ? { kind: 'ended' } : { kind: 'ready', next: event.next },
    data: valueOf(event.output, before.data, command),
    variables: event.assigned ? { ...before.variables, ...event.assigned } : before.variables,
    fanOut: null,
  };
  const after = historyCounted(state.historyEventId, withFrame(state.frames, frame), event.frame, 1);
  const left: ExecutionState = {
    ...state,
    roundEvents: state.roundEvents + 1,
    ...after,
    statesLeft: before.visit === 1 ? state.statesLeft.set(before.state, true) : state.statesLeft,
  };
  return isEnd && frame.parent !== null ? childExited(left, frameOf(after.frames, frame.id), frame.parent) : left;
};
