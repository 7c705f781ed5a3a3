import type { LockRequestToken } from '@throughline/contracts';
import { openRequests, waitTimerOf } from '../asset-locks.ts';
import type { FrameId } from '../frames.ts';
import type { Run } from './run.ts';

/** How a wait ends that is not cut short. */
type WaitEnd = 'suspended' | 'failed';

/** A step waits for its locks no longer; those that it has are given back. */
export const endLockWait = (run: Run, token: LockRequestToken, how?: WaitEnd): void => {
  const request = run.state.locks?.open.get(token);
  if (!request) return;
  run.emit({ type: 'LockWaitEnded', request: request.token, ...(how && { how }) });
  cancelWaitTimer(run, request.token);
};

/** Of all steps that wait for locks. */
export const endLockWaits = (run: Run, how?: WaitEnd): void => {
  for (const { token, attempt } of openRequests(run.state.locks)) {
    if (attempt === null) endLockWait(run, token, how);
  }
};

export const cancelWaitTimer = (run: Run, token: LockRequestToken): void => {
  const timer = waitTimerOf(token);
  if (run.state.timers.get(timer)?.purpose === 'lock-wait') run.emit({ type: 'TimerCancelled', timer });
};

/** What fails a step that has no attempt yet. */
export const leaveLocks = (run: Run, id: FrameId): void => {
  const { phase } = run.frame(id);
  if (phase.kind === 'lock') endLockWait(run, phase.request, 'failed');
};
