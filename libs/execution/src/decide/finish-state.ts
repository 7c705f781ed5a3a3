import { type State, stateExit } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import type { FrameId } from '../frames.ts';
import { evaluationFailed } from './handle-error.ts';
import { leaveState } from './leave-state.ts';
import { stateOf } from './machine-state.ts';
import type { Run } from './run.ts';

/** A state that has a result; a Choice only has a next state. */
export type FinishingState = Exclude<State, { type: 'Fail' | 'Choice' }>;

/** The task that a frame is in has its result. */
export const finishTask = (run: Run, id: FrameId, result: Json): void => {
  const state = stateOf(run, id);
  if (state.type !== 'Task') throw new Error(`'${state.name}' runs no step`);
  finishState(run, id, state, result);
};

/** The state has its result: data flow, then on to the next state or out of the frame. */
export const finishState = (run: Run, id: FrameId, state: FinishingState, result: Json): void => {
  const exit = stateExit(state, run.frame(id).data, result, run.scope(id));
  if (!exit.ok) return evaluationFailed(run, id, exit);
  const next = state.type !== 'Succeed' && state.transition.kind === 'next' ? state.transition.state : undefined;
  leaveState(run, id, exit.value, next);
};
