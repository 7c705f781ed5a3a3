import { descendantsOf, type Frame, type FrameId, frameOf } from '../frames.ts';
import { cancelAwaited } from './close.ts';
import type { Run } from './run.ts';

/** States of these types have an event in AWS's history for being cut short. */
export const isAbortable = (type: Frame['stateType']): boolean =>
  type === 'Task' || type === 'Wait' || type === 'Parallel' || type === 'Map';

/** Ends what still runs below a state that has failed, children before parents, in the order of the branches or items. */
export const abortChildren = (run: Run, id: FrameId): void => {
  const children = new Map<FrameId, Frame[]>();
  for (const frame of descendantsOf(run.state.frames, id)) {
    const siblings = frame.parent === null ? undefined : children.get(frame.parent);
    if (siblings) siblings.push(frame);
    else if (frame.parent !== null) children.set(frame.parent, [frame]);
  }
  const abort = (frame: Frame): void => {
    for (const child of children.get(frame.id) ?? []) abort(child);
    cancelAwaited(run, frame);
    const { stateType, state, phase } = frame;
    if (phase.kind !== 'ready' && isAbortable(stateType)) {
      run.emit({ type: 'StateAborted', frame: frame.id, state, stateType });
    }
    if (frame.parent !== null && frameOf(run.state.frames, frame.parent).fanOut?.kind === 'map') {
      run.emit({ type: 'IterationAborted', frame: frame.id, index: frame.index });
    }
  };
  for (const child of children.get(id) ?? []) abort(child);
};
