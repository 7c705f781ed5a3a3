import { chooseNext, type Exit, type State, stateExit } from '@throughline/asl';
import { assertNever, type Json } from '@throughline/contracts';
import type { FrameId } from '../frames.ts';
import { exitState } from './exit-state.ts';
import { dataLimitExceeded, evaluationFailed } from './handle-error.ts';
import type { Run } from './run.ts';

export type ExitingState = Exclude<State, { type: 'Fail' }>;

/** The state has its result: data flow, then on to the next state or out of the frame. */
export const finishState = (run: Run, id: FrameId, state: ExitingState, result: Json): void => {
  const frame = run.frame(id);
  const scope = run.scope(frame);
  switch (state.type) {
    case 'Choice': {
      const chosen = chooseNext(state, frame.data, scope);
      return chosen.ok ? leave(run, id, chosen.value, chosen.value.next) : evaluationFailed(run, id, chosen);
    }
    case 'Succeed':
    case 'Pass':
    case 'Task':
    case 'Wait':
    case 'Parallel':
    case 'Map': {
      const exit = stateExit(state, frame.data, result, scope);
      return exit.ok ? leave(run, id, exit.value, nextOf(state)) : evaluationFailed(run, id, exit);
    }
    default:
      return assertNever(state);
  }
};

const nextOf = (state: Exclude<ExitingState, { type: 'Choice' }>): string | undefined =>
  state.type !== 'Succeed' && state.transition.kind === 'next' ? state.transition.state : undefined;

const leave = (run: Run, id: FrameId, exit: Exit, next?: string): void => {
  const frame = run.frame(id);
  const written = run.write(exit.output, frame.data);
  if (!written.ok) return dataLimitExceeded(run, id);
  exitState(run, frame, written, next);
};
