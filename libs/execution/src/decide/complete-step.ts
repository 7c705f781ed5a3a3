import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState } from '../execution-state.ts';
import { jsonBytes } from '../json-size.ts';
import { advance } from './advance.ts';
import { cancelTimersOf } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { finishState } from './finish-state.ts';
import { dataLimitExceeded } from './handle-error.ts';
import { stateOf } from './machine-state.ts';
import { Run } from './run.ts';

type CompleteRecord = Extract<ExecutionCommandRecord, { type: 'CompleteStep' }>;

export const completeStep = (state: ExecutionState, command: CompleteRecord, env: Env): ExecutionDecision => {
  const { token, output } = command.body;
  const attempt = attemptOf(state, token);
  if (!attempt) return refused('TL0107', `attempt ${token} is not open`);
  const run = new Run(state, command, env);
  run.emit({ type: 'StepSucceeded', token });
  cancelTimersOf(run, token);
  const task = stateOf(run, attempt.state);
  if (task.type !== 'Task') throw new Error(`'${task.name}' is no Task state`);
  const outputMax = env.limits.stateDataBytesMax;
  if (env.bodyBytes > outputMax && jsonBytes(output) > outputMax) dataLimitExceeded(run, attempt.frame);
  else finishState(run, attempt.frame, task, output);
  advance(run);
  return run.accepted();
};
