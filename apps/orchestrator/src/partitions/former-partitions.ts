import { type StreamName, STREAMS } from '@throughline/contracts';
import { consumersOf, deleteConsumer, type NatsConnection, type WorkQueue } from '@throughline/event-log/jetstream';

/**
 * Where there were more partitions once, or timers were not dealt out at all, messages may still lie there. Whoever has
 * partition 0 takes them in too, until nothing is left, and then does away with the consumer.
 */
export interface FormerPartitionsParts {
  readonly nc: NatsConnection;
  /** As many as commands are dealt out to now. */
  readonly count: () => number;
  readonly open: (queue: FormerQueue) => Promise<WorkQueue>;
}

export interface FormerQueue {
  readonly stream: StreamName;
  readonly durable: string;
  readonly filterSubject: string;
}

const DURABLE = { [STREAMS.commands]: /^orchestrator-(\d+)$/, [STREAMS.timers]: /^orchestrator-due(?:-(\d+))?$/ };
const DRAIN_MS = 5_000;

export class FormerPartitions {
  private readonly parts: FormerPartitionsParts;
  private readonly queues = new Map<string, WorkQueue>();

  constructor(parts: FormerPartitionsParts) {
    this.parts = parts;
  }

  async look(): Promise<void> {
    for (const stream of [STREAMS.commands, STREAMS.timers]) {
      for (const consumer of await consumersOf(this.parts.nc, stream)) {
        const number = DURABLE[stream].exec(consumer.durable);
        // A number that is missing is that of the time when there was only one consumer.
        const isFormer = number !== null && (number[1] === undefined || Number(number[1]) >= this.parts.count());
        const name = `${stream}.${consumer.durable}`;
        if (isFormer && consumer.left > 0) await this.take(name, { stream, ...consumer });
        else if (isFormer) await this.doAway(name, { stream, ...consumer });
        else if (this.queues.has(name)) await this.giveUp(name);
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.queues.keys()].map((name) => this.giveUp(name)));
  }

  private async take(name: string, queue: FormerQueue): Promise<void> {
    if (!this.queues.has(name)) this.queues.set(name, await this.parts.open(queue));
  }

  private async doAway(name: string, { stream, durable }: FormerQueue): Promise<void> {
    await this.giveUp(name);
    await deleteConsumer(this.parts.nc, stream, durable);
  }

  private async giveUp(name: string): Promise<void> {
    const queue = this.queues.get(name);
    this.queues.delete(name);
    await queue?.drain(DRAIN_MS);
  }
}
