import { failOutcome, passResult, stateInput, type WaitState, waitUntil } from '@throughline/asl';
import { assertNever } from '@throughline/contracts';
import type { Frame, FrameId } from '../frames.ts';
import { failExecution } from './close.ts';
import { finishState } from './finish-state.ts';
import { evaluationFailed } from './handle-error.ts';
import { stateOf } from './machine-state.ts';
import type { Run } from './run.ts';
import { scheduleStep } from './schedule-step.ts';

export const enterNextState = (run: Run, { id, phase }: Frame): void => {
  const next = phase.kind === 'ready' ? phase.next : undefined;
  const state = stateOf(run, next ?? run.machine.machine.startAt);
  run.emit({ type: 'StateEntered', frame: id, state: state.name });
  switch (state.type) {
    case 'Task':
      return scheduleStep(run, id, state);
    case 'Pass': {
      const frame = run.frame(id);
      const result = passResult(state, frame.data, run.scope(frame));
      return result.ok ? finishState(run, id, state, result.value) : evaluationFailed(run, id, result);
    }
    case 'Wait':
      return enterWait(run, id, state);
    case 'Choice':
    case 'Succeed': {
      const frame = run.frame(id);
      const input = stateInput(state, frame.data, run.scope(frame));
      return input.ok ? finishState(run, id, state, input.value) : evaluationFailed(run, id, input);
    }
    case 'Fail': {
      const frame = run.frame(id);
      const outcome = failOutcome(state, frame.data, run.scope(frame));
      return outcome.ok
        ? failExecution(run, outcome.value.error ?? '', outcome.value.cause ?? '')
        : evaluationFailed(run, id, outcome);
    }
    case 'Parallel':
    case 'Map':
      throw new Error(`a ${state.type} is not decided yet; validation lets none in`);
    default:
      return assertNever(state);
  }
};

const enterWait = (run: Run, id: FrameId, state: WaitState): void => {
  const frame = run.frame(id);
  const scope = run.scope(frame);
  const input = stateInput(state, frame.data, scope);
  if (!input.ok) return evaluationFailed(run, id, input);
  const due = waitUntil(state, frame.data, scope);
  if (!due.ok) return evaluationFailed(run, id, due);
  if (due.value > run.nowMs()) return run.arm('wait', id, due.value);
  finishState(run, id, state, input.value);
};

/** A Wait's timer has fired. */
export const finishWait = (run: Run, id: FrameId): void => {
  const frame = run.frame(id);
  const state = stateOf(run, frame.state);
  if (state.type !== 'Wait') throw new Error(`'${state.name}' is no Wait state`);
  const input = stateInput(state, frame.data, run.scope(frame));
  return input.ok ? finishState(run, id, state, input.value) : evaluationFailed(run, id, input);
};
