import { scheduleIdSchema, scheduleRef, tenantSchema } from '@throughline/contracts';
import type { Effect } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { QueueView } from '../effects/queues.ts';
import { SentLately } from './sent-lately.ts';
import type { SchedulesStandingStill, ScheduleToLookAt } from './standing-still.ts';
import { StandingStillWalk } from './standing-still-walk.ts';

export interface ScheduleReconcilerParts {
  readonly queues: QueueView;
  readonly loop: Pick<CommandLoop, 'republish'>;
  readonly reads: SchedulesStandingStill;
  /** Schedules that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly onRepublished: (schedule: ScheduleToLookAt, effects: number) => void;
  readonly nowMs?: () => number;
}

const START_AGAIN_MS = 60_000;
const ASK_AGAIN_MS = 5 * 60_000;

/**
 * Brings back what schedules wait for and is not there: timers of a stream that was deleted, starts that found the log full,
 * reports of executions that have ended. What is awaited comes from the log; the read model only says where to look.
 */
export const scheduleReconciler = ({
  queues,
  reads,
  nowMs = Date.now,
  ...parts
}: ScheduleReconcilerParts): StandingStillWalk<ScheduleToLookAt> => {
  const sent = new SentLately(nowMs);
  return new StandingStillWalk({
    ...parts,
    nowMs,
    pageOf: (before, limit, after) => reads.standingStill(before, limit, after),
    refOf: ({ tenant, id }) => scheduleRef(tenantSchema.parse(tenant), scheduleIdSchema.parse(id)),
    missing: async (effects) => {
      const missing: Effect[] = [];
      for (const effect of effects) if (await isMissing(effect, queues, sent)) missing.push(effect);
      return missing;
    },
  });
};

const isMissing = async (effect: Effect, queues: QueueView, sent: SentLately): Promise<boolean> => {
  switch (effect.kind) {
    case 'arm-timer':
      return !(await queues.timerIsThere(effect.ref, effect.timer));
    case 'command':
      // It may be on its way; and an execution that runs for days is not asked every time.
      return sent.maySend(effect.id, effect.command.type === 'StartExecution' ? START_AGAIN_MS : ASK_AGAIN_MS);
    default:
      return false;
  }
};
