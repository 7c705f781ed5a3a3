import type { AttemptToken, ExecutionEvent } from '@throughline/contracts';
import { armedTimers, openAttempts } from '../execution-state.ts';
import { boundedCause, boundedError, type Run } from './run.ts';

/** The timers that guard an attempt end with it. */
export const cancelTimersOf = (run: Run, token: AttemptToken): void => {
  for (const timer of armedTimers(run.state)) {
    if (timer.token === token) run.emit({ type: 'TimerCancelled', timer: timer.id });
  }
};

type TerminalEvent = Extract<
  ExecutionEvent,
  { type: 'ExecutionSucceeded' | 'ExecutionFailed' | 'ExecutionCancelled' | 'ExecutionTimedOut' }
>;

/** Nothing of an ended execution may be awaited: attempts first, so that no worker's result can come in between. */
export const endExecution = (run: Run, event: TerminalEvent): void => {
  for (const attempt of openAttempts(run.state)) run.emit({ type: 'StepCancelled', token: attempt.token });
  for (const timer of armedTimers(run.state)) run.emit({ type: 'TimerCancelled', timer: timer.id });
  run.emit(event);
};

export const failExecution = (run: Run, error: string, cause: string): void =>
  endExecution(run, { type: 'ExecutionFailed', error: boundedError(error), cause: boundedCause(cause) });
