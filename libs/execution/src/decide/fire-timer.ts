import { parseInstant } from '@throughline/asl';
import { assertNever } from '@throughline/contracts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { type ArmedTimer, attemptOf, type ExecutionState, type OpenAttempt, timerOf } from '../execution-state.ts';
import type { FrameId } from '../frames.ts';
import { advance } from './advance.ts';
import { begin } from './begin.ts';
import { cancelTimersOf, endExecution } from './close.ts';
import { expireApproval } from './decide-approval.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { finishWait } from './enter-state.ts';
import { startMap, startParallel } from './fan-out.ts';
import { handleError } from './handle-error.ts';
import { stateOf } from './machine-state.ts';
import { beginStep, lockWaitOver } from './locks.ts';
import { Run } from './run.ts';

type FireRecord = Extract<ExecutionCommandRecord, { type: 'FireTimer' }>;

export const fireTimer = (state: ExecutionState, command: FireRecord, env: Env): ExecutionDecision => {
  const timer = timerOf(state, command.body.timer);
  if (!timer) return refused('TL0108', `timer ${command.body.timer} is not armed`);
  if (state.pausedAt !== null) return refused('TL0108', `timer ${timer.id} stands still: the execution is paused`);
  if (timer.purpose === 'retry' && state.hold !== null) {
    // It is armed again when the review has taken place.
    return refused('TL0108', `timer ${timer.id} starts nothing: the execution is ${state.status}`);
  }
  // Both are UTC with milliseconds, so they compare as text.
  if (env.at < timer.dueAt) {
    return refused('TL0108', `timer ${timer.id} is due at ${timer.dueAt} only`, { dueAt: timer.dueAt });
  }
  const run = new Run(state, command, env);
  run.emit({ type: 'TimerFired', timer: timer.id });
  fired(run, timer);
  advance(run);
  return run.accepted();
};

const fired = (run: Run, timer: ArmedTimer): void => {
  switch (timer.purpose) {
    case 'wait':
      return finishWait(run, run.frame(timer.frame));
    case 'retry':
      return retry(run, timer.frame);
    case 'timeout':
      return timedOut(run, guarded(run, timer), 'timeout');
    case 'heartbeat':
      return heartbeatDue(run, guarded(run, timer));
    case 'deferred':
      return run.emit({ type: 'StepOffered', token: guarded(run, timer).token });
    case 'lock-wait':
      return lockWaitOver(run, timer.frame);
    case 'execution-timeout':
      return endExecution(run, { type: 'ExecutionTimedOut' });
    case 'approval':
      return expireApproval(run, timer.token);
    case 'cancel-grace':
      return endExecution(run, { type: 'ExecutionCancelled' });
    case 'start':
      return begin(run);
    case 'delivery-retry':
      throw new Error(`timer ${timer.id} belongs to a delivery`);
    default:
      return assertNever(timer.purpose);
  }
};

const retry = (run: Run, id: FrameId): void => {
  const state = stateOf(run, id);
  switch (state.type) {
    case 'Task':
      return beginStep(run, id, state);
    case 'Parallel':
      return startParallel(run, id, state);
    case 'Map':
      return startMap(run, id, state);
    default:
      throw new Error(`'${state.name}' is not retried`);
  }
};

const guarded = (run: Run, timer: ArmedTimer): OpenAttempt => {
  const attempt = timer.token === null ? undefined : attemptOf(run.state, timer.token);
  if (!attempt) throw new Error(`timer ${timer.id} guards no open attempt`);
  return attempt;
};

export const timedOut = (run: Run, attempt: OpenAttempt, kind: 'timeout' | 'heartbeat'): void => {
  run.emit({ type: 'StepTimedOut', token: attempt.token, kind });
  cancelTimersOf(run, attempt);
  // AWS's Catch output has an empty cause, where its events have none. A missed heartbeat is a timeout there too.
  handleError(run, attempt.frame, {
    error: 'States.Timeout',
    cause: '',
    ...(kind === 'heartbeat' ? { takenAs: 'States.HeartbeatTimeout' } : {}),
  });
};

/** Heartbeats only note their time, so the timer of a live attempt finds itself early and goes on from the last one. */
const heartbeatDue = (run: Run, attempt: OpenAttempt): void => {
  const lastSeenMs = parseInstant(attempt.lastSeenAt);
  if (lastSeenMs === undefined || attempt.heartbeatMs === null) {
    throw new Error(`attempt ${attempt.token} has no heartbeat`);
  }
  const dueMs = lastSeenMs + attempt.heartbeatMs;
  if (dueMs <= run.nowMs()) return timedOut(run, attempt, 'heartbeat');
  run.arm('heartbeat', attempt.frame, dueMs, attempt.token);
};
