import { isTerminal } from '@throughline/contracts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { begin } from './begin.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { reopenExecution } from './reopen-execution.ts';
import { Run } from './run.ts';

type ResumeRecord = Extract<ExecutionCommandRecord, { type: 'ResumeExecution' }>;

export const resumeExecution = (state: ExecutionState, command: ResumeRecord, env: Env): ExecutionDecision => {
  const { skipFailed = false, afterReview = false } = command.body;
  if (skipFailed && state.status !== 'failed') {
    return refused(
      'TL0120',
      `execution ${state.ref.aggregateId} is ${state.status}: only a failed one has steps to skip`,
    );
  }
  if (afterReview && state.status !== 'needs_review') return notInReview(state);
  if (isTerminal(state.status)) return reopenExecution(state, command, env, { by: 'resume', skipFailed });
  return goOnAfterHold(state, command, env);
};

const notInReview = ({ ref, status }: ExecutionState): ExecutionDecision =>
  refused('TL0120', `execution ${ref.aggregateId} is ${status}: it waits for no review`, {
    status,
    allowed: ['needs_review'],
  });

/** The signal of that name. */
export const resumeAfterReview = (
  state: ExecutionState,
  command: Extract<ExecutionCommandRecord, { type: 'SignalExecution' }>,
  env: Env,
): ExecutionDecision => (state.status === 'needs_review' ? goOnAfterHold(state, command, env) : notInReview(state));

const goOnAfterHold = (state: ExecutionState, command: ExecutionCommandRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  run.emit({ type: 'ExecutionResumed' });
  // One that was paused before its first state still needs what comes before that.
  if (run.mayStartWork()) begin(run);
  return run.accepted();
};
