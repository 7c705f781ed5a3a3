import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState } from '../execution-state.ts';
import { advance } from './advance.ts';
import { cancelTimersOf } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { handleError } from './handle-error.ts';
import { Run } from './run.ts';

type FailRecord = Extract<ExecutionCommandRecord, { type: 'FailStep' | 'FailCallback' }>;

export const failStep = (state: ExecutionState, command: FailRecord, env: Env): ExecutionDecision => {
  const { token, error, cause } = command.body;
  const attempt = attemptOf(state, token);
  if (!attempt) return refused('TL0107', `attempt ${token} is not open`);
  const run = new Run(state, command, env);
  run.emit({ type: 'StepFailed', token });
  cancelTimersOf(run, attempt);
  handleError(run, attempt.frame, {
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  });
  advance(run);
  return run.accepted();
};
