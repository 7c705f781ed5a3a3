import {
  chooseNext,
  type ChoiceState,
  failOutcome,
  passResult,
  type State,
  stateInput,
  type SucceedState,
  type WaitState,
  waitUntil,
} from '@throughline/asl';
import { assertNever } from '@throughline/contracts';
import { mayActOutside } from '../derived.ts';
import { type Frame, type FrameId, frameOf } from '../frames.ts';
import { finishState } from './finish-state.ts';
import { evaluationFailed, handleError } from './handle-error.ts';
import { startMap, startParallel } from './fan-out.ts';
import { leaveState } from './leave-state.ts';
import { beginStep } from './locks.ts';
import { flowOf, stateIn, stateOf } from './machine-state.ts';
import type { Run } from './run.ts';

export const enterNextState = (run: Run, id: FrameId): void => {
  const { phase } = frameOf(run.state.frames, id);
  if (phase.kind === 'again') return runState(run, id, stateOf(run, id));
  const next = phase.kind === 'ready' ? phase.next : undefined;
  const flow = flowOf(run, id);
  const state = stateIn(flow, next ?? flow.startAt);
  if (state.name === run.state.start?.until && !run.state.reviewed) {
    return run.emit({ type: 'ReviewRequested', frame: id, state: state.name });
  }
  run.emit({ type: 'StateEntered', frame: id, state: state.name, stateType: state.type });
  runState(run, id, state);
};

/** What a state does once it is entered, or again when its execution was reopened. */
const runState = (run: Run, id: FrameId, state: State): void => {
  switch (state.type) {
    case 'Task':
      return beginStep(run, id, state);
    case 'Pass': {
      const result = passResult(state, run.frame(id).data, run.scope(id));
      return result.ok ? finishState(run, id, state, result.value) : evaluationFailed(run, id, result);
    }
    case 'Wait':
      return enterWait(run, id, state);
    case 'Choice':
      return choose(run, id, state);
    case 'Succeed':
      return finishWithInput(run, id, state);
    case 'Fail': {
      const outcome = failOutcome(state, run.frame(id).data, run.scope(id));
      return outcome.ok ? handleError(run, id, outcome.value) : evaluationFailed(run, id, outcome);
    }
    case 'Parallel':
      return startParallel(run, id, state);
    case 'Map':
      return startMap(run, id, state);
    default:
      return assertNever(state);
  }
};

const choose = (run: Run, id: FrameId, state: ChoiceState): void => {
  const chosen = chooseNext(state, run.frame(id).data, run.scope(id));
  return chosen.ok ? leaveState(run, id, chosen.value, chosen.value.next) : evaluationFailed(run, id, chosen);
};

const enterWait = (run: Run, id: FrameId, state: WaitState): void => {
  const due = waitUntil(state, run.frame(id).data, run.scope(id));
  if (!due.ok) return evaluationFailed(run, id, due);
  // What the record answers need not wait for what has been waited for.
  if (due.value > run.nowMs() && mayActOutside(run.state)) return run.arm('wait', id, due.value);
  finishWithInput(run, id, state);
};

const finishWithInput = (run: Run, id: FrameId, state: WaitState | SucceedState): void => {
  const input = stateInput(state, run.frame(id).data, run.scope(id));
  return input.ok ? finishState(run, id, state, input.value) : evaluationFailed(run, id, input);
};

/** A Wait's timer has fired. */
export const finishWait = (run: Run, { id, state: name }: Frame): void => {
  const state = stateIn(flowOf(run, id), name);
  if (state.type !== 'Wait') throw new Error(`'${state.name}' is no Wait state`);
  finishWithInput(run, id, state);
};
