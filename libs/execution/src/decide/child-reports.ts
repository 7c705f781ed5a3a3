import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { awaitedAttempt } from './awaited-attempt.ts';
import { completed } from './complete-step.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type RecordStartRecord = Extract<ExecutionCommandRecord, { type: 'RecordChildStart' }>;
type CompleteChildRecord = Extract<ExecutionCommandRecord, { type: 'CompleteChild' }>;

/** The child has started: for a step that only starts it that is its result, for every other one its submission. */
export const recordChildStart = (state: ExecutionState, command: RecordStartRecord, env: Env): ExecutionDecision => {
  const { token, awaits, output } = command.body;
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const run = new Run(state, command, env);
  if (awaits === 'start') return completed(run, attempt, output);
  // Said again, because nobody knew whether it had been heard.
  if (attempt.submitted) return { kind: 'ignored' };
  run.emit({ type: 'StepSubmitted', token });
  return run.accepted();
};

export const completeChild = (state: ExecutionState, command: CompleteChildRecord, env: Env): ExecutionDecision => {
  const { token, output } = command.body;
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const run = new Run(state, command, env);
  // The end may be the first that is heard of the child.
  if (!attempt.submitted) run.emit({ type: 'StepSubmitted', token });
  return completed(run, attempt, output);
};
