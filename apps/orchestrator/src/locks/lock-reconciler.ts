import { tenantSchema } from '@throughline/contracts';
import { type NatsConnection, timerIsThere } from '@throughline/event-log/jetstream';
import { type Effect, lockRef } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { LockReads, LockToLookAt } from '../read-model/lock-reads.ts';

/**
 * Brings back the timers of locks that somebody holds: whatever else a lock may have lost, the timer finds out by asking
 * the holder. What is awaited comes from the log; the read model only says where to look.
 */
export interface LockReconcilerParts {
  readonly nc: NatsConnection;
  readonly loop: CommandLoop;
  readonly reads: Pick<LockReads, 'standingStill'>;
  /** Locks that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (lock: LockToLookAt, effects: number) => void;
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
    const { reads, loop, standingStillMs, onRepublished } = this.parts;
    const before = new Date(Date.now() - standingStillMs).toISOString();
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
      if (effect.kind === 'arm-timer' && !(await timerIsThere(this.parts.nc, effect.ref, effect.timer)))
        lost.push(effect);
    }
    return lost;
  }
}
