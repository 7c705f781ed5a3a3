import type { LockCommit, ScheduleCommit } from '@throughline/contracts';
import { type EventSeen, keyOfCommit, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

/** A timer fires when it is armed and due, and not while its execution stands still; silence is not seen where there was none. */
export const timersInTime = (
  { commit, seq, index, event, book, atMs, command }: EventSeen,
  table: PromiseTable,
): void => {
  const wrong = (problem: string): void => table.violated('timers', placeOf(commit, seq, index), problem);
  switch (event.type) {
    case 'TimerArmed':
      return table.expect(
        !book.timers.has(event.timer),
        'timers',
        placeOf(commit, seq, index),
        `timer ${event.timer} is armed twice`,
      );
    case 'TimerFired': {
      table.checked('timers');
      const timer = book.timers.get(event.timer);
      if (!timer) return wrong(`timer ${event.timer} fires, and is not armed`);
      if (book.pausedAtMs !== undefined) return wrong(`timer ${event.timer} fires during a pause`);
      if (atMs < timer.dueAtMs)
        wrong(`timer ${event.timer} fires at ${command.at}, ${timer.dueAtMs - atMs} ms too early`);
      return;
    }
    case 'TimerCancelled':
      return table.expect(
        book.timers.has(event.timer),
        'timers',
        placeOf(commit, seq, index),
        `timer ${event.timer} is cancelled, and is not armed`,
      );
    case 'StepTimedOut': {
      const attempt = event.kind === 'heartbeat' ? book.attempts.get(event.token) : undefined;
      if (attempt?.heartbeatMs === undefined) return;
      const silentMs = atMs - attempt.lastSeenAtMs;
      return table.expect(
        silentMs >= attempt.heartbeatMs,
        'timers',
        placeOf(commit, seq, index),
        `attempt ${event.token} is ended after ${silentMs} ms of silence, and ${attempt.heartbeatMs} ms are allowed`,
      );
    }
    default:
      return;
  }
};

type TimerStep =
  | { readonly kind: 'armed'; readonly timer: string; readonly dueAt: string }
  | { readonly kind: 'fired' | 'cancelled'; readonly timer: string };

const stepOf = (event: LockCommit['events'][number] | ScheduleCommit['events'][number]): TimerStep | undefined => {
  switch (event.type) {
    case 'LockTimerArmed':
    case 'ScheduleArmed':
      return { kind: 'armed', timer: event.timer, dueAt: event.dueAt };
    case 'LockTimerFired':
    case 'ScheduleFired':
      return { kind: 'fired', timer: event.timer };
    case 'LockTimerCancelled':
    case 'ScheduleDisarmed':
      return { kind: 'cancelled', timer: event.timer };
    default:
      return undefined;
  }
};

export interface SingleTimer {
  readonly id: string;
  readonly dueAt: string;
}

/** Locks and schedules have one timer at a time. */
export class SingleTimers {
  readonly #armed = new Map<string, SingleTimer>();

  take(
    { commit, seq }: { readonly commit: LockCommit | ScheduleCommit; readonly seq: number },
    table: PromiseTable,
  ): void {
    const key = keyOfCommit(commit);
    let index = 0;
    for (const command of commit.commands) {
      for (const end = index + command.events; index < end; index += 1) {
        const event = commit.events[index];
        const step = event && stepOf(event);
        if (step) this.#take(key, step, command.at, placeOf(commit, seq, index), table);
      }
    }
  }

  /** By aggregate. */
  get armed(): ReadonlyMap<string, SingleTimer> {
    return this.#armed;
  }

  #take(key: string, step: TimerStep, at: string, where: string, table: PromiseTable): void {
    const armed = this.#armed.get(key);
    if (step.kind === 'armed') {
      table.expect(armed === undefined, 'timers', where, `timer ${step.timer} is armed beside timer ${armed?.id}`);
      this.#armed.set(key, { id: step.timer, dueAt: step.dueAt });
      return;
    }
    table.checked('timers');
    if (armed?.id !== step.timer)
      table.violated('timers', where, `timer ${step.timer} is ${step.kind}, and is not armed`);
    else if (step.kind === 'fired' && at < armed.dueAt) {
      table.violated('timers', where, `timer ${step.timer} fires at ${at}, and is due at ${armed.dueAt}`);
    }
    this.#armed.delete(key);
  }
}
