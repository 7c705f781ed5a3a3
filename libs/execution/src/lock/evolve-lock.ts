import { assertNever, type LockEvent } from '@throughline/contracts';
import type { LockCommandRecord } from '../decider.ts';
import { claimKey, type LockHolder, type LockState, LOST_HOLDERS_MAX } from './lock-state.ts';

export const evolveLock = (state: LockState, event: LockEvent, command: LockCommandRecord): LockState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  ...changed(state, event, command),
});

const changed = (state: LockState, event: LockEvent, command: LockCommandRecord): Partial<LockState> => {
  switch (event.type) {
    case 'LockRequested':
      return requested(state, command);
    case 'LockGranted':
      return granted(state, event, command);
    case 'LockReleased':
      mustHold(state, event);
      return { holder: null };
    case 'LockWaitLeft':
      return { queue: state.queue.remove(claimKey(event)) };
    case 'LockHolderAsked': {
      const holder = mustHold(state, event);
      return { holder: { ...holder, asked: holder.asked + 1, leaseUntil: event.leaseUntil } };
    }
    case 'LockRenewed':
      return { holder: { ...mustHold(state, event), asked: 0, leaseUntil: event.leaseUntil } };
    case 'LockRevoked': {
      const reason = command.type === 'ForceReleaseLock' ? (command.body.reason ?? null) : null;
      return { holder: { ...mustHold(state, event), revoked: { reason }, leaseUntil: event.leaseUntil } };
    }
    case 'LockExpired':
      return expired(state, mustHold(state, event));
    case 'LockTimerArmed':
      return { timer: { id: event.timer, dueAt: event.dueAt } };
    case 'LockTimerFired':
    case 'LockTimerCancelled':
      return { timer: null };
    default:
      return assertNever(event);
  }
};

const mustHold = ({ holder, ref }: LockState, event: Pick<LockHolder, 'execution' | 'request'>): LockHolder => {
  if (!holder || claimKey(holder) !== claimKey(event))
    throw new Error(`${claimKey(event)} does not hold ${ref.aggregateId}`);
  return holder;
};

const requested = (state: LockState, command: LockCommandRecord): Partial<LockState> => {
  if (command.type !== 'AcquireLock') throw new Error(`LockRequested by a ${command.type}`);
  const { asset, execution, request, workflow, state: name } = command.body;
  const traceparent = command.traceparent ?? null;
  const claim = { execution, request, workflow, state: name, since: command.at, traceparent };
  return { asset, queue: state.queue.set(claimKey(claim), claim) };
};

const granted = (
  { queue }: LockState,
  event: Extract<LockEvent, { type: 'LockGranted' }>,
  command: LockCommandRecord,
): Partial<LockState> => {
  const key = claimKey(event);
  const claim = queue.get(key);
  if (!claim) throw new Error(`${key} has not asked`);
  const { fencingToken, leaseUntil } = event;
  const holder = { ...claim, fencingToken, grantedAt: command.at, leaseUntil, asked: 0, revoked: null };
  return { queue: queue.remove(key), holder, lastToken: fencingToken };
};

const expired = ({ lost, version }: LockState, holder: LockHolder): Partial<LockState> => {
  const kept = lost.size < LOST_HOLDERS_MAX ? lost : lost.shift();
  return { holder: null, lost: kept.push({ holder, version: version + 1 }) };
};
