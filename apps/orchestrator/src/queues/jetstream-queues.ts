import {
  abortSubject,
  type AggregateRef,
  type AttemptToken,
  commandSubject,
  type DeliveryTask,
  type Instant,
  type Queue,
  type SentCommand,
  type StepTask,
  type StreamName,
  type TimerId,
  type TimerMessage,
} from '@throughline/contracts';
import type { DeadLetterAct, EffectSink, QueueView } from '@throughline/engine';
import {
  armTimer,
  cancelTimer,
  type NatsConnection,
  publishDelivery,
  type Publisher,
  publishTask,
  queueIsIdle,
  removeDeadLetter,
  requeueDeadLetter,
  streamCreatedAt,
  timerIsThere,
} from '@throughline/event-log/jetstream';

/** The engine's queues as JetStream has them. */
export class JetStreamQueues implements EffectSink, QueueView {
  private readonly nc: NatsConnection;
  private readonly publisher: Publisher;

  constructor(nc: NatsConnection, publisher: Publisher) {
    this.nc = nc;
    this.publisher = publisher;
  }

  task(task: StepTask, id: string): Promise<void> {
    return publishTask(this.publisher, task, id);
  }

  delivery(task: DeliveryTask): Promise<void> {
    return publishDelivery(this.publisher, task);
  }

  armTimer(ref: AggregateRef, message: TimerMessage, fireAt: Instant): Promise<void> {
    return armTimer(this.publisher, ref, message, fireAt);
  }

  cancelTimer(ref: AggregateRef, timer: TimerId): Promise<void> {
    return cancelTimer(this.nc, ref, timer);
  }

  abort({ tenant, aggregateId }: AggregateRef, tokens: readonly AttemptToken[]): void {
    this.nc.publish(abortSubject(tenant, aggregateId), JSON.stringify({ v: 1, executionId: aggregateId, tokens }));
  }

  async command(ref: AggregateRef, command: SentCommand): Promise<void> {
    await this.publisher.publish(commandSubject('system', ref), JSON.stringify(command));
  }

  settleDeadLetter({ act, tenant, letterId }: DeadLetterAct): Promise<void> {
    return act === 'requeue'
      ? requeueDeadLetter(this.nc, this.publisher, tenant, letterId)
      : removeDeadLetter(this.nc, tenant, letterId);
  }

  timerIsThere(ref: AggregateRef, timer: TimerId): Promise<boolean> {
    return timerIsThere(this.nc, ref, timer);
  }

  queueIsIdle(queue: Queue): Promise<boolean> {
    return queueIsIdle(this.nc, queue);
  }

  streamCreatedAt(stream: StreamName): Promise<string> {
    return streamCreatedAt(this.nc, stream);
  }
}
