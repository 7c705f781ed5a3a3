import { scheduleIdSchema, scheduleRef, tenantSchema } from '@throughline/contracts';
import { type NatsConnection, timerIsThere } from '@throughline/event-log/jetstream';
import type { Effect } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { ScheduleReads, ScheduleToLookAt } from '../read-model/schedule-reads.ts';
import { SentLately } from '../sent-lately.ts';

/**
 * Brings back what schedules wait for and is not there: timers of a stream that was deleted, starts that found the log full,
 * reports of executions that have ended. What is awaited comes from the log; the read model only says where to look.
 */
export interface ScheduleReconcilerParts {
  readonly nc: NatsConnection;
  readonly loop: CommandLoop;
  readonly reads: Pick<ScheduleReads, 'standingStill'>;
  /** Schedules that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (schedule: ScheduleToLookAt, effects: number) => void;
}

const PAGE = 100;
const START_AGAIN_MS = 60_000;
const ASK_AGAIN_MS = 5 * 60_000;

export class ScheduleReconciler {
  private readonly parts: ScheduleReconcilerParts;
  private readonly sent = new SentLately();
  private position: ScheduleToLookAt | undefined;

  constructor(parts: ScheduleReconcilerParts) {
    this.parts = parts;
  }

  /** One bounded page; the next tick goes on behind it. */
  async tick(): Promise<void> {
    const { reads, loop, standingStillMs, onRepublished } = this.parts;
    const before = new Date(Date.now() - standingStillMs).toISOString();
    const page = await reads.standingStill(before, PAGE, this.position);
    this.position = page.length === PAGE ? page.at(-1) : undefined;
    for (const schedule of page) {
      const ref = scheduleRef(tenantSchema.parse(schedule.tenant), scheduleIdSchema.parse(schedule.id));
      const count = await loop.republish(ref, (effects) => this.missing(effects));
      if (count > 0) onRepublished(schedule, count);
    }
  }

  private async missing(effects: readonly Effect[]): Promise<readonly Effect[]> {
    const missing: Effect[] = [];
    for (const effect of effects) if (await this.isMissing(effect)) missing.push(effect);
    return missing;
  }

  private async isMissing(effect: Effect): Promise<boolean> {
    switch (effect.kind) {
      case 'arm-timer':
        return !(await timerIsThere(this.parts.nc, effect.ref, effect.timer));
      case 'command':
        // It may be on its way; and an execution that runs for days is not asked every time.
        return this.sent.maySend(effect.id, effect.command.type === 'StartExecution' ? START_AGAIN_MS : ASK_AGAIN_MS);
      default:
        return false;
    }
  }
}
