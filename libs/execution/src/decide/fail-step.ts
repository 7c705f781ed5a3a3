import { ITEM_READER_FAILED } from '@throughline/asl';
import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState, OpenAttempt } from '../execution-state.ts';
import { advance } from './advance.ts';
import { awaitedAttempt } from './awaited-attempt.ts';
import { endIfCancelled } from './cancel-execution.ts';
import { cancelTimersOf } from './close.ts';
import { declaredFirst } from './declared-first.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { handleError } from './handle-error.ts';
import { stateOf } from './machine-state.ts';
import { Run, type StateError } from './run.ts';

type FailRecord = Extract<ExecutionCommandRecord, { type: 'FailStep' | 'FailCallback' | 'FailChild' }>;

export const failStep = (state: ExecutionState, command: FailRecord, env: Env): ExecutionDecision => {
  const { token, error, cause } = command.body;
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const run = new Run(state, command, env);
  // A child's failure may be the first that is heard of it.
  if (command.type === 'FailChild' && command.body.started && !attempt.submitted) {
    run.emit({ type: 'StepSubmitted', token });
  }
  const failure = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  return failed(run, attempt, failure);
};

/** The attempt has failed. */
export const failed = (run: Run, attempt: OpenAttempt, failure: StateError): ExecutionDecision => {
  run.emit({ type: 'StepFailed', token: attempt.token, ...declaredFirst(run, attempt) });
  cancelTimersOf(run, attempt);
  if (run.state.hold === 'cancelling') {
    endIfCancelled(run);
    return run.accepted();
  }
  handleError(run, attempt.frame, stateOf(run, attempt.frame).type === 'Map' ? itemReaderFailed(failure) : failure);
  advance(run);
  return run.accepted();
};

/** The step of a Map is its item reader, and AWS has one name for whatever goes wrong there. */
const itemReaderFailed = ({ error, cause }: StateError): StateError => {
  const said = [error, cause].filter((text) => text !== undefined && text !== '').join(': ');
  return { error: ITEM_READER_FAILED, ...(said === '' ? {} : { cause: said }) };
};
