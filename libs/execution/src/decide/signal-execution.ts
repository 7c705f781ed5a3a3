import { CONTROL_SIGNALS } from '@throughline/contracts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { type ExecutionState, openAttempts } from '../execution-state.ts';
import { advance } from './advance.ts';
import { cancelExecution } from './cancel-execution.ts';
import { cancelTimersOf } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { finishTask } from './finish-state.ts';
import { resumeAfterReview } from './resume-execution.ts';
import { Run } from './run.ts';

type SignalRecord = Extract<ExecutionCommandRecord, { type: 'SignalExecution' }>;

const [CANCEL, RESUME_AFTER_REVIEW] = CONTROL_SIGNALS;

/** For the state that has waited longest for the name, or kept for the first that will. Each is taken once. */
export const signalExecution = (state: ExecutionState, command: SignalRecord, env: Env): ExecutionDecision => {
  const { name, payload } = command.body;
  if (name === CANCEL) return cancelExecution(state, command, env);
  if (name === RESUME_AFTER_REVIEW) return resumeAfterReview(state, command, env);
  const waiting = openAttempts(state).find(({ awaits, handler }) => awaits === 'signal' && handler === name);
  const run = new Run(state, command, env);
  if (!waiting) {
    const { storedSignalsMax } = env.limits;
    if (state.signals.length >= storedSignalsMax) {
      return refused('TL0127', `${state.signals.length} signals wait already for a state that takes them`);
    }
    run.emit({ type: 'SignalStored' });
    return run.accepted();
  }
  run.emit({ type: 'StepSucceeded', token: waiting.token, output: { ref: 'payload' } });
  cancelTimersOf(run, waiting);
  finishTask(run, waiting.frame, payload);
  advance(run);
  return run.accepted();
};
