import {
  ITEM_READER_FAILED,
  itemsRead,
  iterationInput,
  mapPlan,
  mapTolerance,
  type MapState,
  type ParallelState,
  stateInput,
} from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import { mapOf } from '../evolve-fan-out.ts';
import { allOpened, type FanOut, type Frame, type FrameId } from '../frames.ts';
import { isAbortable } from './abort-children.ts';
import { finishState } from './finish-state.ts';
import { dataLimitExceeded, evaluationFailed, handleError } from './handle-error.ts';
import { takeBatch } from './item-batch.ts';
import { stateOf } from './machine-state.ts';
import { type Run, type StateError, toldBytes, toldOf } from './run.ts';
import { scheduleReader } from './schedule-step.ts';

/**
 * Parallel and Map: branches and iterations begin one by one as there is room (`openNext`, called by `advance`), each
 * runs until it waits, and the last to end finishes the state.
 */

export const startParallel = (run: Run, id: FrameId, state: ParallelState): void => {
  const { data } = run.frame(id);
  const input = stateInput(state, data, run.scope(id));
  if (!input.ok) return evaluationFailed(run, id, input);
  const written = run.write(input.value, data);
  if (!written.ok) return dataLimitExceeded(run, id);
  run.emit(
    {
      type: 'ParallelStarted',
      frame: id,
      state: state.name,
      branches: state.branches.length,
      ...(written.data === undefined ? {} : { input: written.data }),
    },
    written.bytes,
  );
};

/** As AWS has it, a Map with a reader starts without items: reading them is part of the run. */
export const startMap = (run: Run, id: FrameId, state: MapState): void => {
  const { data } = run.frame(id);
  const plan = mapPlan(state, data, run.scope(id));
  if (!plan.ok) return evaluationFailed(run, id, plan);
  const { items, maxConcurrency } = plan.value;
  const written = run.write(items, data);
  if (!written.ok) return dataLimitExceeded(run, id);
  run.emit(
    {
      type: 'MapStarted',
      frame: id,
      state: state.name,
      mode: state.mode,
      ...(written.data === undefined ? {} : { items: written.data }),
      length: items.length,
      ...(maxConcurrency > 0 ? { maxConcurrency } : {}),
    },
    written.bytes,
  );
  const tolerance = mapTolerance(state, data, run.scope(id));
  if (!tolerance.ok) return evaluationFailed(run, id, tolerance);
  if (state.mode === 'DISTRIBUTED') {
    const { count, percentage } = tolerance.value;
    run.emit({
      type: 'MapRunStarted',
      frame: id,
      state: state.name,
      ...(count === undefined ? {} : { toleratedFailureCount: count }),
      ...(percentage === undefined ? {} : { toleratedFailurePercentage: percentage }),
    });
  }
  if (state.itemReader) return scheduleReader(run, id, state, state.itemReader);
  run.follow({ kind: 'child-ended', parent: id });
};

/** The reader has answered: the iterations may begin. */
export const takeItems = (run: Run, id: FrameId, state: MapState, read: Json): void => {
  const { data } = run.frame(id);
  const items = itemsRead(state, data, read, run.scope(id));
  if (!items.ok) {
    // AWS tells what the reader's own failures are without the state around them.
    return items.error === ITEM_READER_FAILED ? handleError(run, id, items) : evaluationFailed(run, id, items);
  }
  const written = run.write(items.value, data);
  if (!written.ok) return dataLimitExceeded(run, id);
  run.emit(
    {
      type: 'MapItemsRead',
      frame: id,
      state: state.name,
      ...(written.data === undefined ? {} : { items: written.data }),
      length: items.value.length,
    },
    written.bytes,
  );
  run.follow({ kind: 'child-ended', parent: id });
};

/** Begins the next branch or iteration of a fan-out that has room for one. */
export const openNext = (run: Run, id: FrameId): void => {
  const frame = run.frame(id);
  const state = stateOf(run, id);
  const child = `${id}.${frame.childFrames}`;
  if (state.type === 'Map') return openIteration(run, frame, state, child);
  run.emit({ type: 'BranchStarted', frame: child, index: fanOutOf(frame).opened });
};

const openIteration = (run: Run, frame: Frame, state: MapState, child: FrameId): void => {
  const fanOut = mapOf(frame);
  const itemAt = (i: number): Json | undefined => fanOut.items[i];
  const first = itemAt(fanOut.itemsTaken);
  if (first === undefined) throw new Error(`'${state.name}' has no item ${fanOut.itemsTaken}`);
  const inputOf = (item: Json, index: number) =>
    iterationInput(state, frame.data, item, index, run.scope(frame.id, { mapItem: { index, value: item } }));
  const batches = run.batchesOf(frame.id, state);
  if (!batches.ok) return evaluationFailed(run, frame.id, batches);
  const input = batches.value
    ? takeBatch(batches.value, fanOut.itemsTaken, itemAt, inputOf)
    : oneItem(inputOf(first, fanOut.opened));
  if (!input.ok) return evaluationFailed(run, frame.id, input);
  const written = run.write(input.value.input, first);
  if (!written.ok) return dataLimitExceeded(run, frame.id);
  run.emit(
    {
      type: 'IterationStarted',
      frame: child,
      index: fanOut.opened,
      ...(input.value.items === undefined ? {} : { items: input.value.items }),
      ...(written.data === undefined ? {} : { input: written.data }),
    },
    written.bytes,
  );
};

const oneItem = (input: ReturnType<typeof iterationInput>) =>
  input.ok ? ({ ok: true, value: { input: input.value, items: undefined } } as const) : input;

export const fanOutOf = ({ id, fanOut }: Frame): FanOut => {
  if (!fanOut) throw new Error(`frame ${id} does not fan out`);
  return fanOut;
};

/** The last branch or iteration has ended: the state has its result, in the order of the branches or items. */
export const finishIfDone = (run: Run, id: FrameId): void => {
  const fanOut = fanOutOf(run.frame(id));
  // Held in memory until the join: beyond this no selector could be trusted to make state data of it.
  if (fanOut.outputBytes > run.env.limits.fanOutOutputBytesMax) return dataLimitExceeded(run, id);
  if (fanOut.running > 0 || !allOpened(fanOut)) return;
  const state = stateOf(run, id);
  if (state.type !== 'Parallel' && state.type !== 'Map') throw new Error(`'${state.name}' does not fan out`);
  const result: Json[] = [];
  for (let index = 0; index < fanOut.opened; index += 1) {
    const output = fanOut.outputs.get(index);
    if (output !== undefined) result.push(output);
  }
  run.emit({ type: `${state.type}Succeeded`, frame: id, state: state.name });
  finishState(run, id, state, result);
};

const TOLERANCE_EXCEEDED: StateError = {
  error: 'States.ExceedToleratedFailureThreshold',
  cause: 'The specified tolerated failure threshold was exceeded',
};

/** A branch or iteration has failed: its state fails with it, unless a distributed Map tolerates that. */
export const childFailed = (run: Run, id: FrameId, failure: StateError): void => {
  const { parent, index, stateType, state } = run.frame(id);
  if (parent === null) throw new Error('the root is no child');
  const fanOut = fanOutOf(run.frame(parent));
  if (isAbortable(stateType)) run.emit({ type: 'StateAborted', frame: id, state, stateType });
  const type = fanOut.kind === 'map' ? 'IterationFailed' : 'BranchFailed';
  run.emit({ type, frame: id, index, ...toldOf(failure) }, toldBytes(failure));
  if (fanOut.kind === 'parallel' || fanOut.mode === 'INLINE') return handleError(run, parent, failure);
  if (exceedsTolerance(run.frame(parent))) return handleError(run, parent, TOLERANCE_EXCEEDED);
  run.follow({ kind: 'child-ended', parent });
};

const exceedsTolerance = (frame: Frame): boolean => {
  const { tolerance, itemsFailed, items } = mapOf(frame);
  const { count, percentage } = tolerance ?? {};
  if (count === undefined && percentage === undefined) return itemsFailed > 0;
  if (count !== undefined && itemsFailed > count) return true;
  return percentage !== undefined && itemsFailed * 100 > percentage * items.length;
};
