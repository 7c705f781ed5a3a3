import { attemptOf, type ExecutionState } from '../execution-state.ts';
import { type LockRequest, lockRequestOf } from '../asset-locks.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { advance } from './advance.ts';
import { endIfCancelled } from './cancel-execution.ts';
import { cancelTimersOf } from './close.ts';
import { endLockWait } from './end-lock-wait.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { handleError } from './handle-error.ts';
import { lockTaken } from './locks.ts';
import { stateOf } from './machine-state.ts';
import { Run } from './run.ts';

type GrantRecord = Extract<ExecutionCommandRecord, { type: 'RecordLockGrant' }>;
type FailLockRecord = Extract<ExecutionCommandRecord, { type: 'FailLock' }>;

const notOpen = (request: string) => refused('TL0147', `request ${request} is not open`);

/** A lock is the step's. What is refused here goes back to the lock, and so to whoever waits next. */
export const recordLockGrant = (state: ExecutionState, command: GrantRecord, env: Env): ExecutionDecision => {
  const { request: token, asset, fencingToken } = command.body;
  const request = lockRequestOf(state.locks, token);
  if (!request) return notOpen(token);
  const index = request.assets.indexOf(asset);
  const taken = request.taken[index];
  // Said again: the lock asks whether the step is still there.
  if (taken === fencingToken) return { kind: 'ignored' };
  if (index !== request.taken.length) return notOpen(token);
  const run = new Run(state, command, env);
  if (!run.mayStartWork()) {
    // Nobody shall wait for a step that may not begin: it asks anew when the execution goes on.
    endLockWait(run, token, 'suspended');
    return run.accepted();
  }
  const machineState = stateOf(run, request.frame);
  if (machineState.type !== 'Task') throw new Error(`'${machineState.name}' locks nothing`);
  lockTaken(run, request, machineState, fencingToken);
  advance(run);
  return run.accepted();
};

/** The step cannot have the lock, or has it no longer: what it did without cannot count, so its attempt is over. */
export const failLock = (state: ExecutionState, command: FailLockRecord, env: Env): ExecutionDecision => {
  const { request: token, asset, fencingToken, error, cause } = command.body;
  const request = lockRequestOf(state.locks, token);
  if (!request || !isAbout(request, asset, fencingToken)) return notOpen(token);
  const run = new Run(state, command, env);
  const attempt = request.attempt === null ? undefined : attemptOf(state, request.attempt);
  if (attempt) {
    run.emit({ type: 'StepFailed', token: attempt.token });
    cancelTimersOf(run, attempt);
  }
  if (run.state.hold !== 'cancelling') handleError(run, request.frame, { error, cause });
  advance(run);
  endIfCancelled(run);
  return run.accepted();
};

/** A grant that the step has not heard of yet may be taken away; another than the one that it has may not. */
const isAbout = ({ assets, taken }: LockRequest, asset: string, fencingToken: number | undefined): boolean => {
  const index = assets.indexOf(asset);
  if (index < 0 || index > taken.length) return false;
  return index === taken.length || taken[index] === fencingToken;
};
