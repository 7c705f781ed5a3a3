import { type Mutex, mutexAssets, type TaskState } from '@throughline/asl';
import { awaitedAsset, type LockRequest } from '../asset-locks.ts';
import { isAnsweredByRecord } from '../derived.ts';
import type { FrameId } from '../frames.ts';
import { LOCK_ERRORS } from '../lock/lock-errors.ts';
import { cancelWaitTimer, endLockWait } from './end-lock-wait.ts';
import { handleError } from './handle-error.ts';
import type { Run } from './run.ts';
import { scheduleStep } from './schedule-step.ts';

/** An attempt at a Task begins: at once, or with the locks of the assets that the state names. */
export const beginStep = (run: Run, id: FrameId, state: TaskState): void => {
  const { mutex } = state.extension;
  const { effectClass } = state;
  const asked = { frame: run.frame(id), resource: state.resource.kind, effectClass };
  if (mutex && !isAnsweredByRecord(run.state, asked)) requestLocks(run, id, state, mutex);
  else scheduleStep(run, id, state);
};

/**
 * All executions take locks in the order of the assets' names, one by one, and those below an execution that holds some
 * only later ones: so nobody waits for somebody who waits for him.
 */
const requestLocks = (run: Run, id: FrameId, state: TaskState, mutex: Mutex): void => {
  const assets = mutexAssets(mutex, state, run.frame(id).data, run.scope(id));
  if (!assets.ok) return handleError(run, id, { error: LOCK_ERRORS.mutexInvalid, cause: `TL0140: ${assets.problem}` });
  const problem = orderProblem(run, assets.names);
  if (problem !== undefined) return handleError(run, id, { error: LOCK_ERRORS.order, cause: `TL0142: ${problem}` });
  const { waitMs } = mutex;
  run.emit(
    {
      type: 'LocksRequested',
      frame: id,
      state: state.name,
      assets: [...assets.names],
      ...(waitMs === undefined ? {} : { waitMs }),
    },
    JSON.stringify(assets.names).length,
  );
  if (waitMs !== undefined) run.arm('lock-wait', id, run.nowMs() + waitMs);
};

const orderProblem = (run: Run, [first]: readonly string[]): string | undefined => {
  const last = run.state.start?.heldAssets.reduce((a, b) => (a > b ? a : b), '');
  if (first === undefined || last === undefined || first > last) return undefined;
  return `'${first}' cannot be locked below an execution that keeps '${last}' locked: only what comes after it in order can`;
};

/** The request's next lock is there: with the last one the attempt begins. */
export const lockTaken = (run: Run, { token, frame }: LockRequest, state: TaskState, fencingToken: number): void => {
  run.emit({ type: 'LockTaken', request: token, fencingToken });
  const request = run.state.locks?.open.get(token);
  if (!request || awaitedAsset(request) !== undefined) return;
  cancelWaitTimer(run, token);
  scheduleStep(run, frame, state, token);
};

/** The wait for the locks of a step was bounded. */
export const lockWaitOver = (run: Run, id: FrameId): void => {
  const { phase } = run.frame(id);
  const request = phase.kind === 'lock' ? run.state.locks?.open.get(phase.request) : undefined;
  if (!request) throw new Error(`frame ${id} waits for no lock`);
  const cause = `TL0143: the lock of '${awaitedAsset(request)}' was not granted within ${request.waitMs} ms`;
  endLockWait(run, request.token, 'failed');
  handleError(run, id, { error: LOCK_ERRORS.timeout, cause });
};
