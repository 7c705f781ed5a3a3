import { assertNever, commandSubject } from '@throughline/contracts';
import {
  armTimer,
  cancelTimer,
  type NatsConnection,
  type Publisher,
  publishTask,
} from '@throughline/event-log/jetstream';
import type { Effect } from '@throughline/execution';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';

/** Turns effects, which are values, into messages. Every one can be sent again: ids and subjects come from the log. */
export class EffectPublisher {
  private readonly nc: NatsConnection;
  private readonly publisher: Publisher;
  private readonly clock: LogClock;

  constructor(nc: NatsConnection, publisher: Publisher, clock: LogClock = BROKER_CLOCK) {
    this.nc = nc;
    this.publisher = publisher;
    this.clock = clock;
  }

  /** Resolves when each is on its stream; rejects when one is not, and the caller must then not ack what caused it. */
  async publish(effects: readonly Effect[]): Promise<void> {
    if (effects.length === 0) return;
    await Promise.all(effects.map((effect) => this.publishOne(effect)));
  }

  private async publishOne(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'task':
        return publishTask(this.publisher, effect.task);
      case 'arm-timer':
        return armTimer(this.publisher, effect.ref, effect.message, this.clock.fireAt(effect.dueAt, Date.now()));
      case 'cancel-timer':
        return cancelTimer(this.nc, effect.ref, effect.timer);
      case 'command':
        await this.publisher.publish(commandSubject('system', effect.ref), JSON.stringify(effect.command));
        return;
      default:
        return assertNever(effect);
    }
  }
}
