import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState } from '../execution-state.ts';
import { completed } from './complete-step.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type RecordStartRecord = Extract<ExecutionCommandRecord, { type: 'RecordChildStart' }>;
type CompleteChildRecord = Extract<ExecutionCommandRecord, { type: 'CompleteChild' }>;

const notAwaited = (token: string) => refused('TL0107', `attempt ${token} awaits no child`);

/** The child has started: for a step that only starts it that is its result, for every other one its submission. */
export const recordChildStart = (state: ExecutionState, command: RecordStartRecord, env: Env): ExecutionDecision => {
  const { token, awaits, output } = command.body;
  const attempt = attemptOf(state, token);
  if (attempt?.awaits !== 'child') return notAwaited(token);
  const run = new Run(state, command, env);
  if (awaits === 'start') return completed(run, attempt, output);
  // Said again, because nobody knew whether it had been heard.
  if (attempt.submitted) return { kind: 'ignored' };
  run.emit({ type: 'StepSubmitted', token });
  return run.accepted();
};

export const completeChild = (state: ExecutionState, command: CompleteChildRecord, env: Env): ExecutionDecision => {
  const { token, output } = command.body;
  const attempt = attemptOf(state, token);
  if (attempt?.awaits !== 'child') return notAwaited(token);
  const run = new Run(state, command, env);
  // The end may be the first that is heard of the child.
  if (!attempt.submitted) run.emit({ type: 'StepSubmitted', token });
  return completed(run, attempt, output);
};
