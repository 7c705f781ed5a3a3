import { catchExit, findCatcher, findRetrier, retryDelayMs, runtimeCause, type TaskState } from '@throughline/asl';
import type { Frame, FrameId } from '../frames.ts';
import { failExecution } from './close.ts';
import { exitState } from './exit-state.ts';
import { stateOf } from './machine-state.ts';
import { boundedCause, boundedError, type Run } from './run.ts';

interface StateError {
  readonly error: string;
  readonly cause: string;
}

/** A field of the state could not be evaluated. AWS's cause says where, then what. */
export const evaluationFailed = (run: Run, id: FrameId, { error, cause }: StateError): void => {
  const frame = run.frame(id);
  handleError(run, id, { error, cause: runtimeCause(frame.state, frame.enteredEventId, cause) });
};

export const dataLimitExceeded = (run: Run, id: FrameId): void => {
  const frame = run.frame(id);
  const state = stateOf(run, frame.state);
  const name = state.type === 'Task' ? state.resource.text : state.name;
  handleError(run, id, {
    error: 'States.DataLimitExceeded',
    cause: `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  });
};

/** What a failed state does next: retry while its first matching retrier has attempts left, else catch, else fail. */
export const handleError = (run: Run, id: FrameId, failure: StateError): void => {
  const error = boundedError(failure.error);
  const cause = boundedCause(failure.cause);
  const frame = run.frame(id);
  const state = stateOf(run, frame.state);
  if (state.type !== 'Task') return failExecution(run, error, cause);
  if (scheduleRetry(run, frame, state, { error, cause })) return;
  catchError(run, frame, state, { error, cause });
};

const scheduleRetry = (run: Run, frame: Frame, state: TaskState, { error, cause }: StateError): boolean => {
  const found = findRetrier(state.retry, error);
  if (!found) return false;
  const retry = (frame.retries[found.index] ?? 0) + 1;
  if (retry > found.retrier.attemptsMax) return false;
  // Drawn only where it is used: the seed's numbers then do not depend on retriers without jitter.
  const delayMs = retryDelayMs(found.retrier, retry, found.retrier.jitter === 'FULL' ? run.random01() : 0);
  run.emit(
    { type: 'RetryScheduled', frame: frame.id, state: state.name, error, cause, retrier: found.index, retry, delayMs },
    cause.length,
  );
  run.arm('retry', frame.id, run.nowMs() + delayMs);
  return true;
};

const catchError = (run: Run, frame: Frame, state: TaskState, { error, cause }: StateError): void => {
  const found = findCatcher(state.catch, error);
  if (!found) return failExecution(run, error, cause);
  const output = catchExit(state, found.catcher, frame.data, { Error: error, Cause: cause }, run.scope(frame));
  // An error while catching is not caught again.
  if (!output.ok) {
    return failExecution(run, output.error, runtimeCause(frame.state, frame.enteredEventId, output.cause));
  }
  const written = run.write(output.value.output, frame.data);
  if (!written.ok) {
    return failExecution(
      run,
      'States.DataLimitExceeded',
      `The state/task '${state.name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  run.emit(
    { type: 'ErrorCaught', frame: frame.id, state: state.name, error, cause, catcher: found.index },
    cause.length,
  );
  exitState(run, frame, written, found.catcher.next);
};
