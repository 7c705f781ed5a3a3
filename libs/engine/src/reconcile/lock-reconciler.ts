import { tenantSchema } from '@throughline/contracts';
import { type Effect, lockRef } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { QueueView } from '../effects/queues.ts';
import { instantOf } from '../log-clock.ts';
import type { LocksStandingStill, LockToLookAt } from './standing-still.ts';

/**
 * Brings back the timers of locks that somebody holds: whatever else a lock may have lost, the timer finds out by asking
 * the holder. What is awaited comes from the log; the read model only says where to look.
 */
export interface LockReconcilerParts {
  readonly queues: QueueView;
  readonly loop: Pick<CommandLoop, 'republish'>;
  readonly reads: LocksStandingStill;
  /** Locks that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (lock: LockToLookAt, effects: number) => void;
  readonly nowMs?: () => number;
}

const PAGE = 100;

export class LockReconciler {
  private readonly parts: LockReconcilerParts;
  private position: LockToLookAt | undefined;

  constructor(parts: LockReconcilerParts) {
    this.parts = parts;
  }

  /** One bounded page; the next tick goes on behind it. */
  async tick(): Promise<void> {
    const { reads, loop, standingStillMs, onRepublished, nowMs = Date.now } = this.parts;
    const before = instantOf(nowMs() - standingStillMs);
    const page = await reads.standingStill(before, PAGE, this.position);
    this.position = page.length === PAGE ? page.at(-1) : undefined;
    for (const lock of page) {
      const count = await loop.republish(lockRef(tenantSchema.parse(lock.tenant), lock.asset), (effects) =>
        this.lostTimers(effects),
      );
      if (count > 0) onRepublished(lock, count);
    }
  }

  private async lostTimers(effects: readonly Effect[]): Promise<readonly Effect[]> {
    const lost: Effect[] = [];
    for (const effect of effects) {
      if (effect.kind === 'arm-timer' && !(await this.parts.queues.timerIsThere(effect.ref, effect.timer)))
        lost.push(effect);
    }
    return lost;
  }
}
