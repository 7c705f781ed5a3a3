import { assertNever, commandSubject } from '@throughline/contracts';
import {
  armTimer,
  cancelTimer,
  type NatsConnection,
  type Publisher,
  publishTask,
} from '@throughline/event-log/jetstream';
import type { Effect } from '@throughline/execution';

/** Turns effects, which are values, into messages. Every one can be sent again: ids and subjects come from the log. */
export class EffectPublisher {
  private readonly nc: NatsConnection;
  private readonly publisher: Publisher;

  constructor(nc: NatsConnection, publisher: Publisher) {
    this.nc = nc;
    this.publisher = publisher;
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
        return armTimer(this.publisher, effect.ref, effect.message);
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
