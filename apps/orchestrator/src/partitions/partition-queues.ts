import type { SharedWorkQueue } from '@throughline/event-log/jetstream';

const DRAIN_MS = 5_000;

/** The queues of the partitions that this process has in hand. */
export class PartitionQueues {
  private readonly open: (partition: number) => Promise<readonly SharedWorkQueue[]>;
  private readonly queues = new Map<number, Promise<readonly SharedWorkQueue[]>>();
  private readonly opened = new Map<number, readonly SharedWorkQueue[]>();

  constructor(open: (partition: number) => Promise<readonly SharedWorkQueue[]>) {
    this.open = open;
  }

  get connected(): boolean {
    return [...this.queues.keys()].every((partition) =>
      (this.opened.get(partition) ?? [{ connected: false }]).every((queue) => queue.connected),
    );
  }

  take(partition: number): void {
    const queues = this.open(partition);
    this.queues.set(partition, queues);
    void queues.then((opened) => this.queues.get(partition) === queues && this.opened.set(partition, opened));
  }

  /** Finishes what is in hand, as long as that takes a bounded time. */
  async giveUp(partition: number): Promise<void> {
    const queues = this.forget(partition);
    await Promise.all((await queues).map((queue) => queue.drain(DRAIN_MS)));
  }

  lose(partition: number): void {
    void this.forget(partition).then((queues) => queues.forEach((queue) => queue.abandon()));
  }

  /** Those that are being opened are open, or know that they are not wanted any more. */
  async settled(): Promise<void> {
    await Promise.all(this.queues.values());
  }

  private forget(partition: number): Promise<readonly SharedWorkQueue[]> {
    const queues = this.queues.get(partition) ?? Promise.resolve([]);
    this.queues.delete(partition);
    this.opened.delete(partition);
    return queues;
  }
}
