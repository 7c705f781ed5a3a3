import { randomInt } from 'node:crypto';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type Msg, nanos } from '@nats-io/transport-node';
import { assertNever, type ErrorCode, type StreamName } from '@throughline/contracts';
import type { Handled, WorkMessage } from '../handled.ts';
import type { NatsConnection } from './connection.ts';
import { deadLetter } from './dead-letters.ts';
import { deliveryFacts } from './delivery-facts.ts';
import { isJsError, JS_ERROR, problemOf } from './js-api.ts';
import { PullInbox } from './pull-inbox.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type Suspects, suspectsOf } from './suspects.ts';

export interface WorkQueueOptions {
  readonly stream: StreamName;
  readonly durable: string;
  readonly filterSubject: string;
  /** Consumers of an earlier version that stand in this one's way: deleted where the server says so. What they held comes again. */
  readonly formerDurables?: readonly string[];
  /** Messages handled at once by this process; it pulls only for free slots. */
  readonly maxInFlight: number;
  /** How many it may have in hand or asked for just now, where that is not always `maxInFlight`. */
  mayHold?(): number;
  /** Messages out at once over all processes that share the durable; default 20,000. */
  readonly maxAckPending?: number;
  /** A message in hand is kept by in-progress acks every third of this; after a crash it comes back this much later. */
  readonly ackWaitMs: number;
  readonly maxDeliver: number;
  /** One process at a time takes from it. What a former one had in hand comes at once, and still counts as delivered. */
  readonly exclusive?: boolean;
  /** Called synchronously as messages are parsed off the socket, so a caller may gather what came together. A throw means `retry`. */
  handle(message: WorkMessage): Promise<Handled> | Handled;
  onProblem?(problem: string, cause?: unknown): void;
}

export interface WorkQueue {
  readonly inFlight: number;
  /** True while the consumer is there and pulled from. */
  readonly connected: boolean;
  /** Takes no more, waits (at most `timeoutMs`) for what is in hand, and gives back what is left. */
  drain(timeoutMs?: number): Promise<void>;
}

/** One whose room, or whose messages, are not its own alone. */
export interface SharedWorkQueue extends WorkQueue {
  /** Somebody else takes from it now: begins nothing more, and says nothing of what is left. */
  abandon(): void;
  /** Asks for what `mayHold` allows by now. */
  topUp(): void;
}

interface Item {
  readonly key: string;
  readonly message: WorkMessage;
  /** Replaced when the message comes again while it is in hand: only the latest delivery's ack counts. */
  ackSubject: string;
  deliveries: number;
  waits: number;
  timer?: NodeJS.Timeout;
  /** The one suspect that is handled now, and marked for the case that this process does not live to settle it. */
  suspect?: { readonly giveUp: NodeJS.Timeout };
}

const RECOVER_WAIT_MS = 250;
const WAIT_FIRST_MS = 100;
const WAIT_MAX_MS = 5_000;
const SILENCE_CHECK_MS = 1_000;
const DRAIN_TIMEOUT_MS = 10_000;
const MAX_ACK_PENDING = 20_000;
const NAK = '-NAK';
const IN_PROGRESS = '+WPI';
const TERM = '+TERM';
/**
 * A consumer whose ack wait is set anew looks at what is out, and delivers again what is older. A former owner's requests
 * are gone before its lease lapses, so after this much more nothing of its can be younger than the short wait.
 */
const CLAIM_ACK_WAIT_MS = 500;
const CLAIM_MS = 650;
const EXCLUSIVE_PULL_MS = 1_000;
/** Processes that a message may have taken down after `maxDeliver` deliveries. */
const SUSPECT_BEGUN_MAX = 3;
/** A suspect that is not settled by then no longer holds up the others. */
const SUSPECT_MS_MAX = 10_000;

const waitMs = (waits: number): number => Math.min(WAIT_FIRST_MS * 2 ** waits, WAIT_MAX_MS);

class PulledWorkQueue implements SharedWorkQueue {
  readonly #nc: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #options: WorkQueueOptions;
  readonly #publisher: Publisher;
  readonly #suspects: Suspects;
  readonly #items = new Map<string, Item>();
  /**
   * Handled one at a time: whatever ends a process leaves one mark, so that only a message that does so itself gathers several. And
   * after an outage that brought everything back many times, marks for all at once would be the next outage.
   */
  readonly #suspected: Item[] = [];
  #trying: Item | undefined;
  readonly #timers: readonly NodeJS.Timeout[];
  #inbox: PullInbox | undefined;
  #recovery: Promise<void> | undefined;
  #topUpPlanned = false;
  #draining = false;
  #abandoned = false;
  #claimed = false;
  #onEmpty: (() => void) | undefined;

  constructor(nc: NatsConnection, manager: JetStreamManager, options: WorkQueueOptions) {
    this.#nc = nc;
    this.#manager = manager;
    this.#options = options;
    this.#publisher = createPublisher(nc, { maxInFlight: 64, maxWaiting: options.maxInFlight });
    this.#suspects = suspectsOf(options.durable, { nc, manager, publisher: this.#publisher });
    this.#timers = [
      setInterval(() => this.#keepInHand(), options.ackWaitMs / 3).unref(),
      setInterval(
        () => this.#inbox?.silent === true && this.#lost('the consumer fell silent'),
        SILENCE_CHECK_MS,
      ).unref(),
    ];
    void this.#watchConnection();
  }

  get inFlight(): number {
    return this.#items.size;
  }

  get connected(): boolean {
    return this.#inbox !== undefined;
  }

  async start(): Promise<void> {
    this.#recovery = this.#recover();
    await this.#recovery;
  }

  async drain(timeoutMs = DRAIN_TIMEOUT_MS): Promise<void> {
    this.#draining = true;
    await this.#recovery;
    await this.#inbox?.drain();
    this.#inbox = undefined;
    for (const item of this.#items.values()) if (item.timer) this.#giveBack(item);
    for (const item of this.#suspected.splice(0)) if (this.#items.get(item.key) === item) this.#giveBack(item);
    if (this.#items.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // Its handlers may still be at it, but whoever waits for their end would wait for this process.
    for (const item of this.#items.values()) this.#giveBack(item);
    for (const timer of this.#timers) clearInterval(timer);
    if (!this.#nc.isClosed()) await this.#nc.flush().catch(() => {});
    this.#publisher.close();
  }

  abandon(): void {
    this.#draining = true;
    this.#abandoned = true;
    this.#inbox?.close();
    this.#inbox = undefined;
    for (const item of this.#items.values()) clearTimeout(item.timer);
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#trying) this.#cleared(this.#trying);
  }

  #consumerConfig(): Partial<ConsumerConfig> {
    return {
      durable_name: this.#options.durable,
      filter_subject: this.#options.filterSubject,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#options.ackWaitMs),
      max_ack_pending: this.#options.maxAckPending ?? MAX_ACK_PENDING,
      // Never the server's own limit: at max_deliver a message just stops, without a word. We count, and dead-letter.
      max_deliver: -1,
    };
  }

  /** What the former owner had in hand would else come back only after its ack wait. */
  async #claimConsumer(): Promise<void> {
    const { stream, durable } = this.#options;
    const info = await this.#manager.consumers.info(stream, durable).catch((error: unknown) => {
      if (isJsError(error, JS_ERROR.consumerNotFound)) return undefined;
      throw error;
    });
    if (!info || info.num_ack_pending === 0) return this.#addConsumer();
    await this.#manager.consumers.update(stream, durable, {
      ...this.#consumerConfig(),
      ack_wait: nanos(CLAIM_ACK_WAIT_MS),
    });
    setTimeout(() => void this.#endClaim(), CLAIM_MS).unref();
  }

  async #endClaim(): Promise<void> {
    if (this.#draining || this.#nc.isClosed()) return;
    try {
      await this.#addConsumer();
    } catch (error) {
      this.#lost(`its ack wait cannot be set: ${problemOf(error)}`);
    }
  }

  async #addConsumer(): Promise<void> {
    const { stream, durable } = this.#options;
    const config = this.#consumerConfig();
    try {
      await this.#manager.consumers.add(stream, config);
    } catch (error) {
      if (isJsError(error, JS_ERROR.consumerNotUnique)) await this.#deleteFormer();
      if (!isJsError(error, JS_ERROR.consumerExists)) throw error;
      await this.#manager.consumers.update(stream, durable, config);
    }
  }

  async #deleteFormer(): Promise<void> {
    for (const former of this.#options.formerDurables ?? []) {
      await this.#manager.consumers.delete(this.#options.stream, former).catch((error: unknown) => {
        if (!isJsError(error, JS_ERROR.consumerNotFound)) throw error;
      });
    }
  }

  /** Until the consumer is there: streams are re-created by their owner, connections by the client, consumers here. */
  async #recover(): Promise<void> {
    this.#inbox?.close();
    this.#inbox = undefined;
    for (let tries = 0; !this.#draining && !this.#nc.isClosed(); tries += 1) {
      try {
        if (this.#options.exclusive === true && !this.#claimed) await this.#claimConsumer();
        else await this.#addConsumer();
        if (this.#draining) return;
        this.#claimed = true;
        this.#inbox = new PullInbox(this.#nc, {
          stream: this.#options.stream,
          consumer: this.#options.durable,
          // A process that was stopped must not go on getting what others are waiting for.
          ...(this.#options.exclusive === true ? { expiresMs: EXCLUSIVE_PULL_MS } : {}),
          onMessage: (message) => this.#received(message),
          onEnded: () => this.#planTopUp(),
          onLost: (why) => this.#lost(why),
        });
        this.topUp();
        return;
      } catch (error) {
        if (tries === 0) this.#report(`consumer ${this.#options.durable} cannot be had: ${problemOf(error)}`, error);
        await new Promise((resolve) => setTimeout(resolve, RECOVER_WAIT_MS));
      }
    }
  }

  #lost(why: string): void {
    // Without an inbox a recovery is running already.
    if (!this.#inbox || this.#draining) return;
    this.#report(`consumer ${this.#options.durable} lost: ${why}`);
    this.#recovery = this.#recover();
  }

  /** A restarted server has forgotten the pull requests, and nothing else says so. */
  async #watchConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#draining) return;
      if (status.type === 'reconnect') this.#lost('the connection was lost');
    }
  }

  #received(message: Msg): void {
    const ackSubject = message.reply ?? '';
    // While draining nothing new is begun; the next process gets it at once.
    if (this.#draining) return this.#nc.publish(ackSubject, NAK);
    const facts = deliveryFacts(ackSubject);
    const inHand = this.#items.get(facts.key);
    if (inHand) {
      // The server gave up waiting (a lost connection) while we still work on it: one handler, the newest ack.
      inHand.ackSubject = ackSubject;
      inHand.deliveries = facts.deliveries;
      return;
    }
    const { deliveries, seq, storedAtMs, key } = facts;
    const { subject, data, headers } = message;
    const header = (name: string): string | undefined => headers?.get(name) || undefined;
    const item: Item = {
      key,
      message: {
        subject,
        bytes: data,
        seq,
        deliveries,
        storedAtMs,
        header,
        headers: () => Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? ''])),
      },
      ackSubject,
      deliveries,
      waits: 0,
    };
    this.#items.set(key, item);
    // It came more often than any handler said `retry`: outages have brought it again, or it takes its process down with it.
    if (deliveries <= this.#options.maxDeliver) return this.#run(item);
    this.#suspected.push(item);
    this.#tryNext();
  }

  #tryNext(): void {
    if (this.#trying) return;
    // Any of them: were it always the oldest, a few kills in a row would all fall on the same one.
    while (this.#suspected.length > 0) {
      const [item] = this.#suspected.splice(randomInt(this.#suspected.length), 1);
      // One that was given back meanwhile is somebody else's.
      if (!item || this.#items.get(item.key) !== item) continue;
      this.#trying = item;
      return void this.#runSuspect(item);
    }
  }

  async #runSuspect(item: Item): Promise<void> {
    try {
      const begun = await this.#suspects.begin(item.key);
      item.suspect = { giveUp: setTimeout(() => this.#goOnWithout(item), SUSPECT_MS_MAX).unref() };
      // Not begun any more: it is somebody else's by now, or is to be.
      if (this.#draining || this.#items.get(item.key) !== item) return this.#leave(item);
      if (begun > SUSPECT_BEGUN_MAX) {
        this.#cleared(item);
        return await this.#bury(item, 'TL0302', `${SUSPECT_BEGUN_MAX} processes that handled it ended, or hang`);
      }
    } catch (error) {
      this.#goOnWithout(item);
      return this.#later(item, `it cannot be marked: ${problemOf(error)}`, () => {
        this.#suspected.push(item);
        this.#tryNext();
      });
    }
    this.#run(item);
  }

  #leave(item: Item): void {
    this.#cleared(item);
    if (!this.#abandoned && this.#items.get(item.key) === item) this.#giveBack(item);
  }

  #goOnWithout(item: Item): void {
    if (this.#trying !== item) return;
    this.#trying = undefined;
    if (!this.#draining) this.#tryNext();
  }

  #run(item: Item): void {
    const failed = (error: unknown): void => this.#settle(item, { kind: 'retry', reason: problemOf(error) }, error);
    try {
      const handled = this.#options.handle(item.message);
      if (handled instanceof Promise) handled.then((outcome) => this.#settle(item, outcome), failed);
      else this.#settle(item, handled);
    } catch (error) {
      failed(error);
    }
  }

  #settle(item: Item, handled: Handled, cause?: unknown): void {
    if (item.suspect) this.#cleared(item);
    switch (handled.kind) {
      case 'done':
        return this.#release(item);
      case 'dead':
        return void this.#bury(item, handled.code, handled.reason);
      case 'back':
        return this.#giveBack(item);
      case 'unavailable':
        // Kept in hand, not given back: the next delivery would meet the same outage, and would count as a failure.
        return this.#later(item, handled.reason, () => this.#run(item));
      case 'retry':
        this.#report(`${item.message.subject} failed: ${handled.reason}`, cause);
        if (item.deliveries >= this.#options.maxDeliver) return void this.#bury(item, 'TL0302', handled.reason);
        // A short wait in our own slot, then a plain nak. A delayed nak would sit in the server's max_ack_pending and
        // hold back messages of everybody; a long wait is a timer on the log, never a message in flight.
        item.waits = item.deliveries - 1;
        return this.#later(item, handled.reason, () => this.#giveBack(item));
      default:
        return assertNever(handled);
    }
  }

  /** Whatever came of it, its process is alive. */
  #cleared(item: Item): void {
    clearTimeout(item.suspect?.giveUp);
    delete item.suspect;
    const settled = this.#suspects
      .end(item.key)
      .catch((error: unknown) => this.#report(`a mark stays: ${problemOf(error)}`, error));
    void settled.then(() => this.#goOnWithout(item));
  }

  #later(item: Item, reason: string, work: () => void): void {
    if (this.#draining) return this.#giveBack(item);
    if (item.waits === 0) this.#report(`${item.message.subject} waits: ${reason}`);
    item.timer = setTimeout(() => {
      item.timer = undefined;
      work();
    }, waitMs(item.waits++));
  }

  /** First the letter, then the ack: a crash in between makes a second letter, which its id folds into the first. */
  async #bury(item: Item, code: ErrorCode, reason: string): Promise<void> {
    const { subject, seq, storedAtMs, bytes, headers } = item.message;
    const { stream } = this.#options;
    try {
      await deadLetter(this.#publisher, {
        stream,
        subject,
        seq,
        deliveries: item.deliveries,
        storedAtMs,
        code,
        reason,
        headers: headers?.() ?? {},
        bytes,
      });
      this.#report(`${subject} dead-lettered (${code}): ${reason}`);
      this.#release(item, TERM);
    } catch (error) {
      this.#later(item, `TL_DEAD does not take it: ${problemOf(error)}`, () => void this.#bury(item, code, reason));
    }
  }

  #giveBack(item: Item): void {
    clearTimeout(item.timer);
    this.#release(item, NAK);
  }

  #release(item: Item, ack?: string): void {
    if (!this.#nc.isClosed()) this.#nc.publish(item.ackSubject, ack);
    this.#items.delete(item.key);
    if (this.#draining) {
      if (this.#items.size === 0) this.#onEmpty?.();
    } else this.#planTopUp();
  }

  #keepInHand(): void {
    if (this.#nc.isClosed()) return;
    for (const { ackSubject } of this.#items.values()) this.#nc.publish(ackSubject, IN_PROGRESS);
  }

  /** Slots that come free in one turn of the event loop are asked for by one request. */
  #planTopUp(): void {
    if (this.#topUpPlanned) return;
    this.#topUpPlanned = true;
    setImmediate(() => {
      this.#topUpPlanned = false;
      this.topUp();
    });
  }

  topUp(): void {
    if (!this.#inbox || this.#draining || this.#nc.isClosed()) return;
    const most = this.#options.mayHold?.() ?? this.#options.maxInFlight;
    const free = most - this.#items.size - this.#inbox.asked;
    if (free <= 0 || (this.#inbox.asked > 0 && free < most / 2)) return;
    this.#inbox.ask(free);
  }

  #report(problem: string, cause?: unknown): void {
    this.#options.onProblem?.(problem, cause);
  }
}

/** Resolves when the consumer is there for the first time; survives the loss of connection, consumer and stream from then on. */
export const consumeWorkQueue = async (nc: NatsConnection, options: WorkQueueOptions): Promise<SharedWorkQueue> => {
  const queue = new PulledWorkQueue(nc, await jetstreamManager(nc, { checkAPI: false }), options);
  await queue.start();
  return queue;
};
