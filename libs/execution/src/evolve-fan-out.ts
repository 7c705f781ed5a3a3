import type { Json } from '@throughline/contracts';
import { Map } from 'immutable';
import type { ExecutionCommandRecord } from './decider.ts';
import type { EventOf } from './event-data.ts';
import { moving, restingAs } from './evolve-control.ts';
import type { ExecutionState } from './execution-state.ts';
import {
  type FanOut,
  type Frame,
  type FrameId,
  frameOf,
  type Frames,
  type MapFanOut,
  newFrame,
  type ParallelFanOut,
  withFrame,
  withoutDescendants,
  withoutFrame,
} from './frames.ts';
import { historyCounted } from './history-event-ids.ts';
import { jsonBytes } from './json-size.ts';

/** How the events of Parallel and Map fold. A child frame lives as long as its branch or iteration runs. */

const counted = (state: ExecutionState, frames: Frames, id: FrameId, n: number): ExecutionState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  ...historyCounted(state.historyEventId, frames, id, n),
});

export const parallelStarted = (state: ExecutionState, event: EventOf<'ParallelStarted'>, input: Json) => {
  const fanOut: FanOut = {
    kind: 'parallel',
    branches: event.branches,
    input,
    opened: 0,
    running: 0,
    outputs: Map(),
    outputBytes: 0,
  };
  const frame: Frame = { ...frameOf(state.frames, event.frame), phase: { kind: 'children' }, fanOut };
  return counted(state, withFrame(state.frames, frame), event.frame, 1);
};

export const mapStarted = (state: ExecutionState, event: EventOf<'MapStarted'>, items: Json): ExecutionState => {
  const fanOut: FanOut = {
    kind: 'map',
    mode: event.mode,
    items: itemsOf(event, items),
    itemsTaken: 0,
    maxConcurrency: event.maxConcurrency ?? 0,
    tolerance: event.mode === 'INLINE' ? {} : null,
    itemsFailed: 0,
    opened: 0,
    running: 0,
    outputs: Map(),
    outputBytes: 0,
  };
  const frame: Frame = { ...frameOf(state.frames, event.frame), phase: { kind: 'children' }, fanOut };
  return counted(state, withFrame(state.frames, frame), event.frame, 1);
};

const itemsOf = ({ state }: { readonly state: string }, items: Json): readonly Json[] => {
  if (!Array.isArray(items)) throw new Error(`the items of '${state}' are no array`);
  return items;
};

/** In place of the none that the Map has started with. */
export const mapItemsRead = (state: ExecutionState, event: EventOf<'MapItemsRead'>, items: Json): ExecutionState => {
  const before = frameOf(state.frames, event.frame);
  const fanOut: FanOut = { ...mapOf(before), items: itemsOf(event, items) };
  const frame: Frame = { ...before, phase: { kind: 'children' }, fanOut };
  return { ...state, roundEvents: state.roundEvents + 1, frames: withFrame(state.frames, frame) };
};

export const mapRunStarted = (state: ExecutionState, event: EventOf<'MapRunStarted'>): ExecutionState => {
  const frame = frameOf(state.frames, event.frame);
  const tolerance = {
    ...(event.toleratedFailureCount === undefined ? {} : { count: event.toleratedFailureCount }),
    ...(event.toleratedFailurePercentage === undefined ? {} : { percentage: event.toleratedFailurePercentage }),
  };
  const fanOut: FanOut = { ...mapOf(frame), tolerance };
  return counted(state, withFrame(state.frames, { ...frame, fanOut }), event.frame, 1);
};

const parallelOf = ({ id, fanOut }: Frame): ParallelFanOut => {
  if (fanOut?.kind !== 'parallel') throw new Error(`frame ${id} runs no Parallel`);
  return fanOut;
};
export const mapOf = ({ id, fanOut }: Frame): MapFanOut => {
  if (fanOut?.kind !== 'map') throw new Error(`frame ${id} runs no Map`);
  return fanOut;
};

/** A continuation that was asked for is over once its command moves something. */
export const afterMove = (state: ExecutionState, command: ExecutionCommandRecord): ExecutionState['continuation'] =>
  command.type === 'ContinueExecution' ? null : state.continuation;

const begun = (state: ExecutionState, command: ExecutionCommandRecord): ExecutionState => ({
  ...state,
  continuation: afterMove(state, command),
});

export const branchStarted = (
  state: ExecutionState,
  event: EventOf<'BranchStarted'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const parent = parentFrame(state, event.frame);
  const fanOut = parallelOf(parent);
  const frames = withFrame(state.frames, {
    ...parent,
    childFrames: parent.childFrames + 1,
    fanOut: { ...fanOut, opened: fanOut.opened + 1, running: fanOut.running + 1 },
  });
  const child = newFrame({
    id: event.frame,
    parent: parent.id,
    index: event.index,
    items: 1,
    data: fanOut.input,
    enteredAt: command.at,
    ownHistoryEventId: null,
  });
  return begun({ ...state, roundEvents: state.roundEvents + 1, frames: withFrame(frames, child) }, command);
};

export const iterationStarted = (
  state: ExecutionState,
  event: EventOf<'IterationStarted'>,
  command: ExecutionCommandRecord,
  inputOf: (item: Json) => Json,
): ExecutionState => {
  const parent = parentFrame(state, event.frame);
  const fanOut = mapOf(parent);
  const items = event.items ?? 1;
  const item = fanOut.items[fanOut.itemsTaken];
  if (item === undefined) throw new Error(`no item ${fanOut.itemsTaken} for iteration ${event.frame}`);
  const frames = withFrame(state.frames, {
    ...parent,
    childFrames: parent.childFrames + 1,
    fanOut: {
      ...fanOut,
      opened: fanOut.opened + 1,
      running: fanOut.running + 1,
      itemsTaken: fanOut.itemsTaken + items,
    },
  });
  const isInline = fanOut.mode === 'INLINE';
  const child = newFrame({
    id: event.frame,
    parent: parent.id,
    index: event.index,
    items,
    item,
    data: inputOf(item),
    enteredAt: command.at,
    // An execution of its own begins with ExecutionStarted.
    ownHistoryEventId: isInline ? null : 1,
  });
  return begun(counted(state, withFrame(frames, child), parent.id, isInline ? 1 : 0), command);
};

const parentFrame = (state: ExecutionState, child: FrameId): Frame =>
  frameOf(state.frames, child.slice(0, Math.max(0, child.lastIndexOf('.'))));

/** A child has left its last state: its output is its branch's or iteration's. */
export const childExited = (state: ExecutionState, child: Frame, parentId: FrameId): ExecutionState => {
  const parent = frameOf(state.frames, parentId);
  const { fanOut } = parent;
  if (!fanOut) throw new Error(`frame ${child.id} is a child of ${parentId}, which does not fan out`);
  const frames = withFrame(withoutFrame(state.frames, child.id), {
    ...parent,
    fanOut: {
      ...fanOut,
      running: fanOut.running - 1,
      outputs: fanOut.outputs.set(child.index, child.data),
      outputBytes: fanOut.outputBytes + jsonBytes(child.data),
    },
  });
  const isShown = fanOut.kind === 'map' && fanOut.mode === 'INLINE';
  return {
    ...state,
    ...historyCounted(state.historyEventId, frames, parentId, isShown ? 1 : 0),
    status: restingStatus(state, frames, fanOut.running - 1),
    // As many ends as there are items: a long Map is no loop. A loop around one is found by the rounds without a wait.
    continuationsWithoutProgress: 0,
  };
};

/** The others may all be waiting on timers now. */
const restingStatus = (state: ExecutionState, frames: Frames, running: number): ExecutionState['status'] =>
  running > 0 ? moving(state, restingAs(state.attempts, frames)) : state.status;

export const branchFailed = (state: ExecutionState, event: EventOf<'BranchFailed'>): ExecutionState => {
  const parent = parentFrame(state, event.frame);
  const fanOut = parallelOf(parent);
  const remaining = withoutFrame(withoutDescendants(state.frames, event.frame), event.frame);
  const frames = withFrame(remaining, { ...parent, fanOut: { ...fanOut, running: fanOut.running - 1 } });
  return { ...state, roundEvents: state.roundEvents + 1, frames };
};

export const iterationFailed = (state: ExecutionState, event: EventOf<'IterationFailed'>): ExecutionState => {
  const child = frameOf(state.frames, event.frame);
  const parent = parentFrame(state, event.frame);
  const fanOut = mapOf(parent);
  const remaining = withoutFrame(withoutDescendants(state.frames, child.id), child.id);
  const frames = withFrame(remaining, {
    ...parent,
    fanOut: { ...fanOut, running: fanOut.running - 1, itemsFailed: fanOut.itemsFailed + child.items },
  });
  const failed = counted(state, frames, parent.id, fanOut.mode === 'INLINE' ? 1 : 0);
  // As the end of an iteration: see `childExited`.
  return {
    ...failed,
    status: restingStatus(failed, frames, fanOut.running - 1),
    continuationsWithoutProgress: 0,
  };
};

/** On the way to the end of its Map: the frame goes with the others then. */
export const iterationAborted = (state: ExecutionState, event: EventOf<'IterationAborted'>): ExecutionState => {
  const parent = parentFrame(state, event.frame);
  return counted(state, state.frames, parent.id, mapOf(parent).mode === 'INLINE' ? 1 : 0);
};
