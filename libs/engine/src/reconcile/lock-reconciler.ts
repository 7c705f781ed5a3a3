import { tenantSchema } from '@throughline/contracts';
import { type Effect, lockRef } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { QueueView } from '../effects/queues.ts';
import type { LocksStandingStill, LockToLookAt } from './standing-still.ts';
import { StandingStillWalk } from './standing-still-walk.ts';

export interface LockReconcilerParts {
  readonly queues: QueueView;
  readonly loop: Pick<CommandLoop, 'republish'>;
  readonly reads: LocksStandingStill;
  /** Locks that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (lock: LockToLookAt, effects: number) => void;
  readonly nowMs?: () => number;
}

/**
 * Brings back the timers of locks that somebody holds: whatever else a lock may have lost, the timer finds out by asking
 * the holder. What is awaited comes from the log; the read model only says where to look.
 */
export const lockReconciler = ({
  queues,
  reads,
  nowMs = Date.now,
  ...parts
}: LockReconcilerParts): StandingStillWalk<LockToLookAt> =>
  new StandingStillWalk({
    ...parts,
    nowMs,
    pageOf: (before, limit, after) => reads.standingStill(before, limit, after),
    refOf: (lock) => lockRef(tenantSchema.parse(lock.tenant), lock.asset),
    missing: (effects) => lostTimers(queues, effects),
  });

const lostTimers = async (queues: QueueView, effects: readonly Effect[]): Promise<readonly Effect[]> => {
  const lost: Effect[] = [];
  for (const effect of effects) {
    if (effect.kind === 'arm-timer' && !(await queues.timerIsThere(effect.ref, effect.timer))) lost.push(effect);
  }
  return lost;
};
