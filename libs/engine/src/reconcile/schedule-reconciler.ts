import { scheduleIdSchema, scheduleRef, tenantSchema } from '@throughline/contracts';
import type { Effect } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { QueueView } from '../effects/queues.ts';
import { instantOf } from '../log-clock.ts';
import { SentLately } from './sent-lately.ts';
import type { SchedulesStandingStill, ScheduleToLookAt } from './standing-still.ts';

/**
 * Brings back what schedules wait for and is not there: timers of a stream that was deleted, starts that found the log full,
 * reports of executions that have ended. What is awaited comes from the log; the read model only says where to look.
 */
export interface ScheduleReconcilerParts {
  readonly queues: QueueView;
  readonly loop: Pick<CommandLoop, 'republish'>;
  readonly reads: SchedulesStandingStill;
  /** Schedules that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (schedule: ScheduleToLookAt, effects: number) => void;
  readonly nowMs?: () => number;
}

const PAGE = 100;
const START_AGAIN_MS = 60_000;
const ASK_AGAIN_MS = 5 * 60_000;

export class ScheduleReconciler {
  private readonly parts: ScheduleReconcilerParts;
  private readonly sent: SentLately;
  private position: ScheduleToLookAt | undefined;

  constructor(parts: ScheduleReconcilerParts) {
    this.parts = parts;
    this.sent = new SentLately(parts.nowMs);
  }

  /** One bounded page; the next tick goes on behind it. */
  async tick(): Promise<void> {
    const { reads, loop, standingStillMs, onRepublished, nowMs = Date.now } = this.parts;
    const before = instantOf(nowMs() - standingStillMs);
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
        return !(await this.parts.queues.timerIsThere(effect.ref, effect.timer));
      case 'command':
        // It may be on its way; and an execution that runs for days is not asked every time.
        return this.sent.maySend(effect.id, effect.command.type === 'StartExecution' ? START_AGAIN_MS : ASK_AGAIN_MS);
      default:
        return false;
    }
  }
}
