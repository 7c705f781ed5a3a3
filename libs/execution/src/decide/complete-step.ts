import type { Json } from '@throughline/contracts';
import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState, OpenAttempt } from '../execution-state.ts';
import type { FrameId } from '../frames.ts';
import { jsonBytes } from '../json-size.ts';
import { advance } from './advance.ts';
import { awaitedAttempt } from './awaited-attempt.ts';
import { endIfCancelled } from './cancel-execution.ts';
import { cancelTimersOf } from './close.ts';
import { declaredFirst } from './declared-first.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { takeItems } from './fan-out.ts';
import { finishState } from './finish-state.ts';
import { dataLimitExceeded } from './handle-error.ts';
import { stateOf } from './machine-state.ts';
import { Run } from './run.ts';

type CompleteRecord = Extract<ExecutionCommandRecord, { type: 'CompleteStep' | 'CompleteCallback' }>;

export const completeStep = (state: ExecutionState, command: CompleteRecord, env: Env): ExecutionDecision => {
  const { token, output } = command.body;
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const run = new Run(state, command, env);
  const { awaits } = attempt;
  if (command.type === 'CompleteStep' && awaits !== 'result' && awaits !== 'job') return submitted(run, attempt);
  // A job that has ended was submitted, whether its worker said so or not.
  if (awaits === 'job' && !attempt.submitted)
    run.emit({ type: 'StepSubmitted', token, ...declaredFirst(run, attempt) });
  return completed(run, attempt, output);
};

/** The attempt has its result. */
export const completed = (run: Run, attempt: OpenAttempt, output: Json): ExecutionDecision => {
  const { env } = run;
  run.emit({ type: 'StepSucceeded', token: attempt.token, ...declaredFirst(run, attempt) });
  cancelTimersOf(run, attempt);
  const outputMax = env.limits.stateDataBytesMax;
  if (env.bodyBytes > outputMax && jsonBytes(output) > outputMax) dataLimitExceeded(run, attempt.frame);
  else succeeded(run, attempt.frame, output);
  advance(run);
  endIfCancelled(run);
  return run.accepted();
};

/** The worker has handed the work on, or taken the activity: only a callback ends the attempt. */
const submitted = (run: Run, attempt: OpenAttempt): ExecutionDecision => {
  run.emit({ type: 'StepSubmitted', token: attempt.token, ...declaredFirst(run, attempt) });
  endIfCancelled(run);
  return run.accepted();
};

const succeeded = (run: Run, id: FrameId, output: Json): void => {
  const state = stateOf(run, id);
  switch (state.type) {
    case 'Task':
      return finishState(run, id, state, output);
    case 'Map':
      return takeItems(run, id, state, output);
    default:
      throw new Error(`'${state.name}' runs no step`);
  }
};
