import { jetstreamManager } from '@nats-io/jetstream';
import { parseTaskAnnouncement, type Queue, STREAMS, SUBJECT_FILTERS, taskSubject } from '@throughline/contracts';
import type { Handled, WorkMessage } from '../handled.ts';
import type { NatsConnection } from './connection.ts';
import { DispatchOrder } from './dispatch-order.ts';
import { isJsError, JS_ERROR, problemOf } from './js-api.ts';
import { durableOf, formerDurables, sourcesWithTasks, type TaskSource } from './task-sources.ts';
import { answerPresence } from './worker-presence.ts';
import { consumeWorkQueue, type SharedWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.ts';

export interface TaskQueueOptions extends Pick<WorkQueueOptions, 'ackWaitMs' | 'maxDeliver' | 'handle' | 'onProblem'> {
  readonly queue: Queue;
  /** What this process says it can run, to whoever asks. */
  readonly handlers?: readonly string[];
  /** Tasks in hand at once in this process, whoever's they are. */
  readonly slots: number;
}

const LOOK_EVERY_MS = 1_000;
/** A source that has held nothing for so many looks is let go of. */
const IDLE_LOOKS = 60;
/** Of a queue, in one process. Where more tenants have tasks at once, the others' turn comes when some have none left. */
const SOURCES_MAX = 256;
/** Asked of each source while no slot is free: enough that a task which ends does not find the next one still on its way. */
const HEADS = 4;
/** A task in hand that has not been begun by then is given back: another worker may have a free slot. */
const HOLD_MS = 1_000;
/** Giving back counts as a delivery, and many deliveries without a result are taken for a crash. */
const GIVEN_BACK_MAX = 3;

interface Source extends TaskSource {
  readonly name: string;
  queue: SharedWorkQueue | undefined;
  running: number;
  idleLooks: number;
  /** Gave a task back because every slot was taken: asks for no more until one comes free. */
  stalled: boolean;
}

interface Head extends TaskSource {
  readonly source: Source;
  readonly message: WorkMessage;
  readonly settle: (handled: Handled | Promise<Handled>) => void;
  readonly holdTimer: NodeJS.Timeout | undefined;
}

/**
 * The tasks of one queue, consumed source by source: each priority and tenant has a consumer of its own, so no backlog
 * stands in front of somebody else's tasks. With one source (most systems have one tenant) it is asked for as many tasks
 * as there are slots. With several, free slots are shared out, and while there is none, each source is asked for a few tasks:
 * so it is known who waits when a slot comes free, and the order decides.
 */
class FairTaskQueue implements WorkQueue {
  readonly #nc: NatsConnection;
  readonly #options: TaskQueueOptions;
  readonly #sources = new Map<string, Source>();
  readonly #order = new DispatchOrder<Head>();
  readonly #stopped = new AbortController();
  #running = 0;
  #looked = false;
  #topUpPlanned = false;
  #looking: Promise<void> | undefined;

  constructor(nc: NatsConnection, options: TaskQueueOptions) {
    this.#nc = nc;
    this.#options = options;
  }

  get inFlight(): number {
    return [...this.#sources.values()].reduce((sum, { queue }) => sum + (queue?.inFlight ?? 0), 0);
  }

  get connected(): boolean {
    return this.#looked && [...this.#sources.values()].every(({ queue }) => queue === undefined || queue.connected);
  }

  async start(): Promise<void> {
    const announcements = this.#nc.subscribe(SUBJECT_FILTERS.taskAnnouncements(this.#options.queue), {
      callback: (_error, message) => {
        const source = parseTaskAnnouncement(message.subject);
        if (source) void this.#open(source);
      },
    });
    this.#stopped.signal.addEventListener('abort', () => this.#nc.isClosed() || announcements.unsubscribe());
    const stopAnswering = answerPresence(this.#nc, this.#options.queue, this.#options.handlers ?? []);
    this.#stopped.signal.addEventListener('abort', stopAnswering);
    await this.#look();
    this.#looking = this.#keepLooking();
  }

  async drain(timeoutMs?: number): Promise<void> {
    this.#stopped.abort();
    for (let head = this.#order.next(); head; head = this.#order.next()) this.#giveBack(head);
    await this.#looking;
    await Promise.all([...this.#sources.values()].map(async ({ queue }) => queue?.drain(timeoutMs)));
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted && !this.#nc.isClosed()) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, LOOK_EVERY_MS);
        timer.unref();
        signal.addEventListener('abort', done);
      });
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { queue, onProblem } = this.#options;
    try {
      const found = await sourcesWithTasks(this.#nc, queue);
      this.#looked = true;
      const names = new Set(found.map((source) => nameOf(queue, source)));
      await this.#letGoOfIdle(names);
      await Promise.all(found.map((source) => this.#open(source)));
    } catch (error) {
      this.#looked = false;
      onProblem?.(`queue ${queue} cannot be looked at: ${problemOf(error)}`, error);
    }
  }

  async #open({ priority, tenant }: TaskSource): Promise<void> {
    const { queue, ackWaitMs, maxDeliver, onProblem } = this.#options;
    const name = nameOf(queue, { priority, tenant });
    if (this.#stopped.signal.aborted || this.#sources.has(name) || this.#sources.size >= SOURCES_MAX) return;
    const source: Source = { name, priority, tenant, queue: undefined, running: 0, idleLooks: 0, stalled: false };
    this.#sources.set(name, source);
    const opened = await consumeWorkQueue(this.#nc, {
      stream: STREAMS.tasks,
      durable: durableOf(queue, source),
      formerDurables: formerDurables(queue),
      filterSubject: name,
      maxInFlight: this.#options.slots,
      mayHold: () => this.#mayHold(source),
      ackWaitMs,
      maxDeliver,
      handle: (message) => this.#received(source, message),
      ...(onProblem ? { onProblem } : {}),
    });
    source.queue = opened;
    if (this.#stopped.signal.aborted) await opened.drain();
    else this.#planTopUp();
  }

  async #letGoOfIdle(withTasks: ReadonlySet<string>): Promise<void> {
    for (const source of this.#sources.values()) {
      const { queue } = source;
      source.idleLooks = withTasks.has(source.name) || queue?.inFlight !== 0 ? 0 : source.idleLooks + 1;
      const crowded = this.#sources.size >= SOURCES_MAX && source.idleLooks > 0;
      if ((source.idleLooks < IDLE_LOOKS && !crowded) || this.#sources.size === 1 || !queue) continue;
      this.#sources.delete(source.name);
      this.#order.forget(source);
      await queue.drain();
      await this.#deleteUnused(source);
    }
  }

  /** Another worker that still reads it makes it again, and a work queue keeps what is not acked. */
  async #deleteUnused(source: Source): Promise<void> {
    const durable = durableOf(this.#options.queue, source);
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    try {
      const { num_pending, num_ack_pending, num_waiting } = await manager.consumers.info(STREAMS.tasks, durable);
      if (num_pending + num_ack_pending + num_waiting === 0) await manager.consumers.delete(STREAMS.tasks, durable);
    } catch (error) {
      if (!isJsError(error, JS_ERROR.consumerNotFound) && !isJsError(error, JS_ERROR.streamNotFound)) throw error;
    }
  }

  /** How many tasks of a source may be in hand or asked for. */
  #mayHold(source: Source): number {
    const free = this.#options.slots - this.#running;
    if (this.#sources.size === 1) return source.running + free;
    const waits = free <= 0 && source.stalled ? 0 : HEADS;
    return source.running + Math.max(waits, Math.floor(free / this.#sources.size));
  }

  #received(source: Source, message: WorkMessage): Promise<Handled> | Handled {
    if (this.#stopped.signal.aborted) return BACK;
    if (this.#running < this.#options.slots && this.#order.size === 0) {
      this.#order.began(source);
      return this.#run(source, message);
    }
    return new Promise<Handled>((settle) => {
      const { priority, tenant } = source;
      const holdTimer =
        message.deliveries > GIVEN_BACK_MAX ? undefined : setTimeout(() => this.#stall(head), HOLD_MS).unref();
      const head: Head = { priority, tenant, source, message, settle, holdTimer };
      this.#order.add(head);
      this.#beginWaiting();
    });
  }

  #beginWaiting(): void {
    while (this.#running < this.#options.slots) {
      const head = this.#order.next();
      if (!head) return;
      clearTimeout(head.holdTimer);
      head.settle(this.#run(head.source, head.message));
    }
  }

  async #run(source: Source, message: WorkMessage): Promise<Handled> {
    this.#running += 1;
    source.running += 1;
    try {
      return await this.#options.handle(message);
    } finally {
      this.#running -= 1;
      source.running -= 1;
      for (const each of this.#sources.values()) each.stalled = false;
      this.#beginWaiting();
      this.#planTopUp();
    }
  }

  #stall(head: Head): void {
    if (!this.#order.remove(head)) return;
    head.source.stalled = true;
    this.#giveBack(head);
  }

  #giveBack(head: Head): void {
    clearTimeout(head.holdTimer);
    head.settle(BACK);
  }

  /** Slots that come free in one turn of the event loop are shared out once. */
  #planTopUp(): void {
    // A queue with one source asks by itself when a task of its own has ended.
    if (this.#topUpPlanned || this.#sources.size === 1) return;
    this.#topUpPlanned = true;
    setImmediate(() => {
      this.#topUpPlanned = false;
      for (const { queue } of this.#sources.values()) queue?.topUp();
    });
  }
}

const BACK: Handled = { kind: 'back' };

const nameOf = (queue: Queue, { priority, tenant }: TaskSource): string => taskSubject(queue, priority, tenant);

/** Resolves when the queue has been looked at for the first time; survives the loss of connection, consumers and stream. */
export const consumeTasks = async (nc: NatsConnection, options: TaskQueueOptions): Promise<WorkQueue> => {
  const queue = new FairTaskQueue(nc, options);
  await queue.start();
  return queue;
};
