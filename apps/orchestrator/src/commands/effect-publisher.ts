import { randomUUID } from 'node:crypto';
import {
  assertNever,
  commandIdSchema,
  abortSubject,
  commandSubject,
  executionIdSchema,
  type SentCommand,
} from '@throughline/contracts';
import {
  armTimer,
  cancelTimer,
  type NatsConnection,
  publishDelivery,
  type Publisher,
  publishTask,
  removeDeadLetter,
  requeueDeadLetter,
} from '@throughline/event-log/jetstream';
import type { Effect, TaskTokenPlace } from '@throughline/execution';
import type { TaskTokens } from '../task-tokens/task-tokens.ts';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';

/** Turns effects, which are values, into messages. Every one can be sent again: ids and subjects come from the log. */
export class EffectPublisher {
  private readonly nc: NatsConnection;
  private readonly publisher: Publisher;
  private readonly tokens: TaskTokens;
  private readonly clock: LogClock;

  constructor(nc: NatsConnection, publisher: Publisher, tokens: TaskTokens, clock: LogClock = BROKER_CLOCK) {
    this.nc = nc;
    this.publisher = publisher;
    this.tokens = tokens;
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
        return publishTask(this.publisher, this.signed(effect.task, effect.taskToken));
      case 'dead-letter':
        return effect.act === 'requeue'
          ? requeueDeadLetter(this.nc, this.publisher, effect.tenant, effect.letterId)
          : removeDeadLetter(this.nc, effect.tenant, effect.letterId);
      case 'delivery':
        return publishDelivery(this.publisher, effect.task);
      case 'arm-timer':
        return armTimer(this.publisher, effect.ref, effect.message, this.clock.fireAt(effect.dueAt, Date.now()));
      case 'cancel-timer':
        return cancelTimer(this.nc, effect.ref, effect.timer);
      case 'abort-attempts': {
        const { tenant, aggregateId } = effect.ref;
        const body = { v: 1, executionId: aggregateId, tokens: effect.tokens };
        this.nc.publish(abortSubject(tenant, aggregateId), JSON.stringify(body));
        return;
      }
      case 'command':
        await this.publisher.publish(
          commandSubject('system', effect.ref),
          JSON.stringify(this.signed(named(effect), effect.taskToken)),
        );
        return;
      default:
        return assertNever(effect);
    }
  }

  /** What goes out holds the token itself wherever the log holds its placeholder. Both are plain ASCII without quotes. */
  private signed<T>(message: T, place: TaskTokenPlace | undefined): T {
    if (!place) return message;
    const { tenant, aggregateId } = place.ref;
    const executionId = executionIdSchema.parse(aggregateId);
    const token = this.tokens.issue({ tenant, executionId, token: place.token });
    // The same value with other strings in it.
    return JSON.parse(JSON.stringify(message).replaceAll(place.placeholder, token)) as T;
  }
}

/** A command as it goes out: under the id that follows from the log, but for one that must not be taken for a repeat. */
const named = ({ command, again }: Extract<Effect, { kind: 'command' }>): SentCommand =>
  again ? { ...command, id: commandIdSchema.parse(randomUUID()) } : command;
