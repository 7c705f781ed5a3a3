import type { ExecutionEvent } from '@throughline/contracts';
import { armedTimers, type OpenAttempt, openAttempts } from '../execution-state.ts';
import { scheduleDeliveries } from '../delivery/schedule-deliveries.ts';
import type { Frame } from '../frames.ts';
import { endLockWait, endLockWaits } from './end-lock-wait.ts';
import { type Run, type StateError, toldOf } from './run.ts';

/** The timers that guard an attempt end with it. `attempt` as it was when it was still open. */
export const cancelTimersOf = (run: Run, attempt: OpenAttempt): void => {
  for (const timer of attempt.timers) {
    if (run.state.timers.has(timer)) run.emit({ type: 'TimerCancelled', timer });
  }
};

/** What a frame that is cut short waits for. */
export const cancelAwaited = (run: Run, { phase }: Frame): void => {
  if (phase.kind === 'step') {
    const attempt = run.state.attempts.get(phase.token);
    if (!attempt) throw new Error(`attempt ${phase.token} is not open`);
    run.emit({ type: 'StepCancelled', token: attempt.token });
    return cancelTimersOf(run, attempt);
  }
  if (phase.kind === 'lock') return endLockWait(run, phase.request);
  if (phase.kind === 'wait' || phase.kind === 'retry') {
    const timer = run.state.timers.get(phase.timer);
    if (timer) run.emit({ type: 'TimerCancelled', timer: timer.id });
  }
};

type TerminalEvent = Extract<
  ExecutionEvent,
  { type: 'ExecutionSucceeded' | 'ExecutionFailed' | 'ExecutionCancelled' | 'ExecutionTimedOut' }
>;

/** Nothing of an ended execution may be awaited: attempts first, so that no worker's result can come in between. */
export const endExecution = (run: Run, event: TerminalEvent): void => {
  for (const attempt of openAttempts(run.state)) run.emit({ type: 'StepCancelled', token: attempt.token });
  endLockWaits(run);
  for (const timer of armedTimers(run.state)) run.emit({ type: 'TimerCancelled', timer: timer.id });
  run.emit(event);
  scheduleDeliveries(run);
};

export const failExecution = (run: Run, failure: StateError): void =>
  endExecution(run, { type: 'ExecutionFailed', ...toldOf(failure) });
