import {
  type AggregateRef,
  type Origin,
  dueSubject,
  type Instant,
  type Queue,
  type SentCommand,
  type StepTask,
  type TimerId,
  type TimerMessage,
  timerSubject,
} from '@throughline/contracts';
import type { Handled, WorkMessage } from '@throughline/event-log';
import type { Network, Process } from './network.ts';
import type { BrokerClock } from './simulated-log.ts';

/** Chances of a queue's own kinds of trouble. */
export interface QueueTrouble {
  /** An acknowledgement gets lost: the message comes again. */
  loseAck: number;
  /** The server gives up waiting for somebody who still works on it. */
  deliverTwice: number;
  /** What is published is there twice. */
  duplicate: number;
}

export const NO_TROUBLE: QueueTrouble = { loseAck: 0, deliverTwice: 0, duplicate: 0 };

interface Message {
  readonly id: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly storedAtMs: number;
  deliveries: number;
  holder: Process | undefined;
}

export interface Consumer {
  readonly process: Process;
  handle(message: Pick<WorkMessage, 'subject' | 'bytes' | 'storedAtMs' | 'deliveries'>): Promise<Handled> | Handled;
}

const ACK_WAIT_MS = 30_000;
const DELIVER_MAX = 10;
const DUPLICATES_MS = 120_000;

/** A stream whose messages are handed out until they are acknowledged, in any order, and more than once. */
export class SimulatedQueue {
  readonly messages = new Map<number, Message>();
  /** What could never be handled, with why. */
  readonly dead: string[] = [];
  createdAtMs: number;
  trouble: QueueTrouble = NO_TROUBLE;
  private consumers: Consumer[] = [];
  private readonly published = new Map<string, number>();
  /** What is handed out at a moment to come, together. */
  private readonly pulls = new Map<number, Message[]>();
  /** The stream is lost in the very moment that such a message is stored. */
  loseWhen: ((subject: string) => boolean) | undefined;
  /** Consumers ask for messages so often; 0: each comes by itself. */
  pullEveryMs = 0;
  private ids = 0;
  private readonly clock: BrokerClock;
  private readonly network: Network;

  constructor(clock: BrokerClock, network: Network) {
    this.clock = clock;
    this.network = network;
    this.createdAtMs = clock.nowMs();
  }

  /** `msgId`: a second one within two minutes is not stored. */
  publish(subject: string, body: unknown, msgId?: string): void {
    const nowMs = this.clock.nowMs();
    if (msgId !== undefined) {
      const before = this.published.get(msgId);
      if (before !== undefined && Math.abs(nowMs - before) < DUPLICATES_MS) return;
      this.published.set(msgId, nowMs);
    }
    const bytes = Buffer.from(JSON.stringify(body));
    const twice = msgId === undefined && this.network.chance.happens(this.trouble.duplicate);
    for (let copies = twice ? 2 : 1; copies > 0; copies -= 1) {
      const message = { id: (this.ids += 1), subject, bytes, storedAtMs: nowMs, deliveries: 0, holder: undefined };
      this.messages.set(message.id, message);
      this.offer(message, this.network.latencyMs());
    }
    if (this.loseWhen?.(subject)) this.lose();
  }

  consume(consumer: Consumer): void {
    this.consumers.push(consumer);
    for (const message of this.messages.values()) if (!message.holder) this.offer(message, this.network.latencyMs());
  }

  /** Lost whole: nobody hears of it. */
  lose(): void {
    this.messages.clear();
    this.published.clear();
    this.createdAtMs = this.clock.nowMs();
  }

  holds(subject: string): boolean {
    for (const message of this.messages.values()) if (message.subject === subject) return true;
    return false;
  }

  private offer(message: Message, delayMs: number): void {
    const { time } = this.network;
    const arrivesMs = time.nowMs + delayMs;
    const everyMs = Math.max(1, this.pullEveryMs);
    const atMs = Math.ceil(arrivesMs / everyMs) * everyMs;
    const others = this.pulls.get(atMs);
    if (others) return void others.push(message);
    const pulled = [message];
    this.pulls.set(atMs, pulled);
    time.after(atMs - time.nowMs, () => {
      this.pulls.delete(atMs);
      const consumer = this.anyConsumer();
      for (const each of pulled) if (this.messages.has(each.id) && !each.holder?.alive) this.deliver(each, consumer);
    });
  }

  private anyConsumer(): Consumer | undefined {
    this.consumers = this.consumers.filter(({ process }) => process.alive);
    return this.network.chance.oneOf(this.consumers);
  }

  private deliver(message: Message, consumer = this.anyConsumer()): void {
    message.holder = consumer?.process;
    if (!consumer) return;
    message.deliveries += 1;
    this.run(message, consumer, 0);
    this.watch(message, consumer.process);
  }

  /** After the time to acknowledge: a holder that lives has asked for more, one that does not is not waited for. */
  private watch(message: Message, holder: Process): void {
    this.network.time.after(ACK_WAIT_MS, () => {
      if (!this.messages.has(message.id) || message.holder !== holder) return;
      if (!holder.alive || this.network.chance.happens(this.trouble.deliverTwice)) return this.deliver(message);
      this.watch(message, holder);
    });
  }

  private run(message: Message, consumer: Consumer, waits: number): void {
    const { process } = consumer;
    const settle = (handled: Handled): void => {
      if (process.alive) this.settle(message, consumer, handled, waits);
    };
    const failed = (error: unknown): void =>
      settle({ kind: 'retry', reason: error instanceof Error ? error.message : String(error) });
    try {
      const handled = consumer.handle(message);
      if (handled instanceof Promise) handled.then(settle, failed);
      else settle(handled);
    } catch (error) {
      failed(error);
    }
  }

  private settle(message: Message, consumer: Consumer, handled: Handled, waits: number): void {
    const { process } = consumer;
    switch (handled.kind) {
      case 'done':
        return this.acknowledge(message);
      case 'dead':
        this.dead.push(`${message.subject}: ${handled.code} ${handled.reason}`);
        return this.acknowledge(message);
      case 'unavailable':
        return process.after(Math.min(100 * 2 ** waits, 5_000), () => this.run(message, consumer, waits + 1));
      case 'retry':
        if (message.deliveries >= DELIVER_MAX) {
          this.dead.push(`${message.subject}: TL0302 ${handled.reason}`);
          return this.acknowledge(message);
        }
        return process.after(Math.min(100 * 2 ** message.deliveries, 5_000), () => this.giveBack(message));
      case 'back':
        return this.giveBack(message);
    }
  }

  private giveBack(message: Message): void {
    message.holder = undefined;
    this.offer(message, this.network.latencyMs());
  }

  private acknowledge(message: Message): void {
    if (this.network.chance.happens(this.trouble.loseAck)) {
      this.network.time.after(ACK_WAIT_MS, () => this.messages.has(message.id) && this.deliver(message));
      return;
    }
    this.network.time.after(this.network.latencyMs(), () => this.messages.delete(message.id));
  }
}

interface Armed {
  readonly ref: AggregateRef;
  readonly message: TimerMessage;
  readonly fireAtMs: number;
}

/** The three work queues, and the timers that lead to one of them. */
export class SimulatedQueues {
  readonly commands: SimulatedQueue;
  readonly tasks: SimulatedQueue;
  readonly due: SimulatedQueue;
  readonly armed = new Map<string, Armed>();
  private readonly clock: BrokerClock;
  private readonly network: Network;

  constructor(clock: BrokerClock, network: Network) {
    this.clock = clock;
    this.network = network;
    this.commands = new SimulatedQueue(clock, network);
    this.tasks = new SimulatedQueue(clock, network);
    this.due = new SimulatedQueue(clock, network);
  }

  send(origin: Origin, { tenant, aggregate, aggregateId }: AggregateRef, command: SentCommand): void {
    this.commands.publish(`tl.cmd.0.${origin}.${tenant}.${aggregate}.${aggregateId}`, command);
  }

  task(task: StepTask): void {
    const { tenant, queue, priority = 'normal' } = task;
    this.tasks.publish(`tl.task.${queue}.${priority}.${tenant}`, task, `${tenant}.${task.executionId}.${task.token}`);
  }

  /** True when no task of the queue is there, delivered or not. */
  isIdle(queue: Queue): boolean {
    for (const { subject } of this.tasks.messages.values()) if (subject.startsWith(`tl.task.${queue}.`)) return false;
    return true;
  }

  arm(ref: AggregateRef, message: TimerMessage, fireAt: Instant): void {
    const armed = { ref, message, fireAtMs: Date.parse(fireAt) };
    this.armed.set(timerSubject(ref, message.timer), armed);
    this.wait(armed);
  }

  cancel(ref: AggregateRef, timer: TimerId): void {
    this.armed.delete(timerSubject(ref, timer));
  }

  timerIsThere(ref: AggregateRef, timer: TimerId): boolean {
    return this.armed.has(timerSubject(ref, timer)) || this.due.holds(dueSubject(ref, timer));
  }

  loseTimers(): void {
    this.armed.clear();
    this.due.lose();
  }

  /** The broker looks again and again: its clock may have been set meanwhile. */
  private wait(armed: Armed): void {
    const { ref, message, fireAtMs } = armed;
    const subject = timerSubject(ref, message.timer);
    this.network.time.after(fireAtMs - this.clock.nowMs() + this.network.chance.below(300), () => {
      if (this.armed.get(subject) !== armed) return;
      if (this.clock.nowMs() < fireAtMs) return this.wait(armed);
      this.armed.delete(subject);
      this.due.publish(dueSubject(ref, message.timer), message);
    });
  }
}
