import {
  catchExit,
  type Failed,
  findCatcher,
  findRetrier,
  retryDelayMs,
  runtimeCause,
  type State,
  type TaskResource,
} from '@throughline/asl';
import { isAnsweredByRecord, mayActOutside } from '../derived.ts';
import type { FrameId } from '../frames.ts';
import { historyOwnerOf } from '../history-event-ids.ts';
import { abortChildren } from './abort-children.ts';
import { failExecution } from './close.ts';
import { leaveLocks } from './end-lock-wait.ts';
import { exitState } from './exit-state.ts';
import { stateOf } from './machine-state.ts';
import { boundedCause, boundedError, type Run, type StateError, toldBytes, toldOf } from './run.ts';

type RetryableState = Extract<State, { type: 'Task' | 'Parallel' | 'Map' }>;

export const QUERY_EVALUATION_ERROR = 'States.QueryEvaluationError';
const RUNTIME_ERROR = 'States.Runtime';

/** A field of the state could not be evaluated. AWS's cause says where, then what; for JSONata its history has an event. */
export const evaluationFailed = (run: Run, id: FrameId, failed: Failed): void => {
  leaveLocks(run, id);
  const failure = notedFailure(run, id, failed);
  if (failure.error === RUNTIME_ERROR) return failExecutionAround(run, id, failure);
  failState(run, id, failure, failure.error === QUERY_EVALUATION_ERROR);
};

const notedFailure = (run: Run, id: FrameId, failed: Failed): StateError => {
  const frame = run.frame(id);
  const error = boundedError(failed.error);
  const cause = boundedCause(runtimeCause(frame.state, frame.enteredEventId, failed.cause));
  if (error === QUERY_EVALUATION_ERROR) {
    const { location } = failed;
    run.emit(
      {
        type: 'EvaluationFailed',
        frame: id,
        state: frame.state,
        error,
        cause,
        ...(location === undefined ? {} : { location }),
      },
      toldBytes({ error, cause }),
    );
  }
  return { error, cause };
};

/**
 * Nothing retries or catches a fault of the machine itself, so what is around the state does not fail one by one: the
 * execution is over. An iteration of a distributed Map is an execution of its own, whose failure its Map may tolerate.
 */
const failExecutionAround = (run: Run, id: FrameId, failure: StateError): void => {
  if (run.state.hold === 'cancelling') return;
  const iteration = historyOwnerOf(run.state.frames, id);
  if (!iteration) return failExecution(run, failure);
  abortChildren(run, iteration.id);
  run.follow({ kind: 'child-failed', child: iteration.id, failure });
};

/** AWS names a service (`lambda`, `aws-sdk:s3`), and whatever else runs a task by its ARN. */
const nameInCause = ({ text, resource, resourceType }: TaskResource): string =>
  text === resource || text.startsWith('tl:') ? text : resourceType;

export const dataLimitExceeded = (run: Run, id: FrameId): void => {
  const state = stateOf(run, id);
  const name = state.type === 'Task' ? nameInCause(state.resource) : state.name;
  handleError(run, id, {
    error: 'States.DataLimitExceeded',
    cause: `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  });
};

/** What a failed state does next: retry while its first matching retrier has attempts left, else catch, else fail. */
export const handleError = (run: Run, id: FrameId, failure: StateError): void => failState(run, id, failure, true);

/** `isShown`: whether AWS's history has the failure of a Parallel or Map; not where a JSONPath field of theirs was bad. */
const failState = (run: Run, id: FrameId, failure: StateError, isShown: boolean): void => {
  leaveLocks(run, id);
  // It ends as cancelled: nothing is tried again or caught.
  if (run.state.hold === 'cancelling') return;
  const state = stateOf(run, id);
  if (state.type !== 'Task' && state.type !== 'Parallel' && state.type !== 'Map') return failFrame(run, id, failure);
  if (run.frame(id).fanOut) abortChildren(run, id);
  if (scheduleRetry(run, id, state, failure)) return;
  if (isShown && state.type !== 'Task') {
    run.emit({ type: `${state.type}Failed`, frame: id, state: state.name, ...toldOf(failure) }, toldBytes(failure));
  }
  catchError(run, id, state, failure);
};

/** What `ErrorEquals` is compared with. */
const takenAs = (failure: StateError): string => failure.takenAs ?? failure.error ?? '';

/** The error leaves the frame: it fails what is around it. */
const failFrame = (run: Run, id: FrameId, failure: StateError): void =>
  run.frame(id).parent === null
    ? failExecution(run, failure)
    : run.follow({ kind: 'child-failed', child: id, failure });

const scheduleRetry = (run: Run, id: FrameId, state: RetryableState, failure: StateError): boolean => {
  const found = findRetrier(state.retry, takenAs(failure));
  if (!found) return false;
  const retry = (run.frame(id).retries[found.index] ?? 0) + 1;
  if (retry > found.retrier.attemptsMax) return false;
  // Drawn only where it is used: the seed's numbers then do not depend on retriers without jitter.
  const delayMs = retryDelayMs(found.retrier, retry, found.retrier.jitter === 'FULL' ? run.random01() : 0);
  run.emit(
    { type: 'RetryScheduled', frame: id, state: state.name, ...toldOf(failure), retrier: found.index, retry, delayMs },
    toldBytes(failure),
  );
  run.arm('retry', id, run.nowMs() + (isWaitedFor(run, id, state) ? delayMs : 0));
  return true;
};

/** What the record answers need not be given time to recover. */
const isWaitedFor = (run: Run, id: FrameId, state: RetryableState): boolean => {
  if (state.type !== 'Task') return mayActOutside(run.state);
  const { effectClass, resource } = state;
  return !isAnsweredByRecord(run.state, { frame: run.frame(id), resource: resource.kind, effectClass });
};

const catchError = (run: Run, id: FrameId, state: RetryableState, failure: StateError): void => {
  const found = findCatcher(state.catch, takenAs(failure));
  if (!found) return failFrame(run, id, failure);
  const frame = run.frame(id);
  const { error = null, cause = null } = toldOf(failure);
  const errorOutput = { Error: error, Cause: cause };
  const exit = catchExit(state, found.catcher, frame.data, errorOutput, run.scope(id));
  // An error while catching is not caught again.
  if (!exit.ok) {
    const noted = notedFailure(run, id, exit);
    return noted.error === RUNTIME_ERROR ? failExecutionAround(run, id, noted) : failFrame(run, id, noted);
  }
  const output = run.write(exit.value.output, frame.data);
  const { assigned } = exit.value;
  if (!output.ok || !run.fitsVariables(assigned)) {
    return failFrame(run, id, {
      error: 'States.DataLimitExceeded',
      cause: `The state/task '${state.name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    });
  }
  run.emit(
    { type: 'ErrorCaught', frame: id, state: state.name, ...toldOf(failure), catcher: found.index },
    toldBytes(failure),
  );
  exitState(run, id, { output, ...(assigned && { assigned }) }, found.catcher.next);
};
