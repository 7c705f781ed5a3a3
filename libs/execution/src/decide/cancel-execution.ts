import type { Env, ExecutionCommandRecord } from '../decider.ts';
import { armedTimers, type ExecutionState, isInWorkersHands, openAttempts } from '../execution-state.ts';
import { ROOT_FRAME } from '../frames.ts';
import { endExecution } from './close.ts';
import { endLockWaits } from './end-lock-wait.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type CancelRecord = Extract<ExecutionCommandRecord, { type: 'CancelExecution' | 'SignalExecution' }>;

/** Where neither the command nor a policy says. */
const GRACE_MS = 10_000;

/**
 * Nothing new starts, and nobody but a worker is waited for. What workers run may end within the grace; the effects tell
 * them to.
 */
export const cancelExecution = (state: ExecutionState, command: CancelRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  const graceMs = graceOf(state, command);
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

const graceOf = ({ classification }: ExecutionState, command: CancelRecord): number => {
  const byPolicy = classification?.policy.cancelGraceMs;
  if (command.type === 'SignalExecution') return byPolicy ?? GRACE_MS;
  const { graceMs, cooperative } = command.body;
  return graceMs ?? byPolicy ?? (cooperative ? GRACE_MS : 0);
};

/** The last that was waited for has ended. */
export const endIfCancelled = (run: Run): void => {
  if (run.state.hold !== 'cancelling' || run.hasEnded()) return;
  if (!openAttempts(run.state).some(isInWorkersHands)) endExecution(run, { type: 'ExecutionCancelled' });
};
