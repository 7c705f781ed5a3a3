import type { Env, ExecutionCommandRecord } from '../decider.ts';
import { armedTimers, type ExecutionState, isInWorkersHands, openAttempts } from '../execution-state.ts';
import { ROOT_FRAME } from '../frames.ts';
import { endExecution } from './close.ts';
import { endLockWaits } from './end-lock-wait.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type CancelRecord = Extract<ExecutionCommandRecord, { type: 'CancelExecution' | 'SignalExecution' }>;

/** What a signal gives, which cannot say. */
const SIGNAL_GRACE_MS = 10_000;

/**
 * Nothing new starts, and nobody but a worker is waited for. What workers run may end within the grace; the effects tell
 * them to.
 */
export const cancelExecution = (state: ExecutionState, command: CancelRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  const graceMs =
    command.type === 'SignalExecution'
      ? SIGNAL_GRACE_MS
      : (command.body.graceMs ?? state.classification?.policy.cancelGraceMs ?? 0);
  const attempts = openAttempts(state);
  if (graceMs === 0 || !attempts.some(isInWorkersHands)) {
    endExecution(run, { type: 'ExecutionCancelled' });
    return run.accepted();
  }
  run.emit({ type: 'CancellationRequested' });
  endLockWaits(run);
  for (const attempt of attempts) {
    if (!isInWorkersHands(attempt)) run.emit({ type: 'StepCancelled', token: attempt.token });
  }
  // The grace takes the place of every other time.
  for (const timer of armedTimers(run.state)) run.emit({ type: 'TimerCancelled', timer: timer.id });
  run.arm('cancel-grace', ROOT_FRAME, run.nowMs() + graceMs);
  return run.accepted();
};

/** The last that was waited for has ended. */
export const endIfCancelled = (run: Run): void => {
  if (run.state.hold !== 'cancelling' || run.hasEnded()) return;
  if (!openAttempts(run.state).some(isInWorkersHands)) endExecution(run, { type: 'ExecutionCancelled' });
};
