import { chooseNext, type Scope, type State, stateOutput } from '@throughline/asl';
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
  const next = nextOf(state, result, scope);
  if (!next.ok) return evaluationFailed(run, id, next);
  const output = stateOutput(state, frame.data, result, scope);
  if (!output.ok) return evaluationFailed(run, id, output);
  const written = run.write(output.value, frame.data);
  if (!written.ok) return dataLimitExceeded(run, id);
  exitState(run, frame, written, next.value);
};

type Next = { ok: true; value: string | undefined } | { ok: false; error: string; cause: string };

const nextOf = (state: ExitingState, result: Json, scope: Scope): Next => {
  switch (state.type) {
    case 'Choice':
      return chooseNext(state, result, scope);
    case 'Succeed':
      return { ok: true, value: undefined };
    case 'Pass':
    case 'Task':
    case 'Wait':
      return { ok: true, value: state.transition.kind === 'next' ? state.transition.state : undefined };
    default:
      return assertNever(state);
  }
};
