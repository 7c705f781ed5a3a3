import { randomUUID } from 'node:crypto';
import {
  assertNever,
  type AttemptToken,
  commandIdSchema,
  type ExecutionId,
  executionIdSchema,
  type SentCommand,
  type Tenant,
} from '@throughline/contracts';
import type { Effect, TaskTokenPlace } from '@throughline/execution';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';
import type { EffectSink } from './queues.ts';

/** What a task token stands for. */
export interface TokenBearer {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly token: AttemptToken;
}

export interface EffectPublisherParts {
  readonly sink: EffectSink;
  /** Makes the tokens by which the holders of tasks report on them. */
  readonly tokens: { issue(bearer: TokenBearer): string };
  readonly clock?: LogClock;
  readonly nowMs?: () => number;
  readonly newId?: () => string;
}

/** Turns effects, which are values, into messages. Every one can be sent again: ids and subjects come from the log. */
export class EffectPublisher {
  private readonly parts: EffectPublisherParts;

  constructor(parts: EffectPublisherParts) {
    this.parts = parts;
  }

  /** Resolves when each is on its stream; rejects when one is not, and the caller must then not ack what caused it. */
  async publish(effects: readonly Effect[]): Promise<void> {
    if (effects.length === 0) return;
    await Promise.all(effects.map((effect) => this.publishOne(effect)));
  }

  private async publishOne(effect: Effect): Promise<void> {
    const { sink, clock = BROKER_CLOCK, nowMs = Date.now } = this.parts;
    switch (effect.kind) {
      case 'task':
        return sink.task(this.signed(effect.task, effect.taskToken), effect.id);
      case 'dead-letter':
        return sink.settleDeadLetter(effect);
      case 'delivery':
        return sink.delivery(effect.task);
      case 'arm-timer':
        return sink.armTimer(effect.ref, effect.message, clock.fireAt(effect.dueAt, nowMs()));
      case 'cancel-timer':
        return sink.cancelTimer(effect.ref, effect.timer);
      case 'abort-attempts':
        return sink.abort(effect.ref, effect.tokens);
      case 'command':
        return sink.command(effect.ref, this.signed(this.named(effect), effect.taskToken));
      default:
        return assertNever(effect);
    }
  }

  /** What goes out holds the token itself wherever the log holds its placeholder. Both are plain ASCII without quotes. */
  private signed<T>(message: T, place: TaskTokenPlace | undefined): T {
    if (!place) return message;
    const { tenant, aggregateId } = place.ref;
    const executionId = executionIdSchema.parse(aggregateId);
    const token = this.parts.tokens.issue({ tenant, executionId, token: place.token });
    // The same value with other strings in it.
    return JSON.parse(JSON.stringify(message).replaceAll(place.placeholder, token)) as T;
  }

  /** A command as it goes out: under the id that follows from the log, but for one that must not be taken for a repeat. */
  private named({ command, again }: Extract<Effect, { kind: 'command' }>): SentCommand {
    const { newId = randomUUID } = this.parts;
    return again ? { ...command, id: commandIdSchema.parse(newId()) } : command;
  }
}
