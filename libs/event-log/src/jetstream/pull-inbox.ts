import { type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node';
import type { NatsConnection } from './connection.ts';

/**
 * Standing pull requests of one consumer and the inbox they deliver to. Counts what is asked for and not yet there, so
 * that a reader never gets more than it has room for. Thrown away and made again after any loss: the server forgets
 * requests whose inbox nobody listens to, so old ones cannot overfill the reader.
 */
export interface PullInboxOptions {
  readonly stream: string;
  readonly consumer: string;
  /** A request that nobody has taken back ends by itself after this long; default 5 s. */
  readonly expiresMs?: number;
  /** Called synchronously, once per message of a socket read. */
  onMessage(message: Msg): void;
  /** A request ended with room left: ask again. */
  onEnded(): void;
  /** The consumer is gone or cannot be reached. */
  onLost(why: string): void;
}

/** A process that is stopped goes on getting what it has asked for. */
const EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 2_000;
/** Three heartbeats without one: requests or consumer are gone though nobody said so. */
const SILENCE_MAX_MS = 3 * HEARTBEAT_MS + 500;

export class PullInbox {
  readonly #nc: NatsConnection;
  readonly #options: PullInboxOptions;
  readonly #inbox = `_INBOX.${nuid.next()}`;
  readonly #requestSubject: string;
  readonly #subscription: Subscription;
  #asked = 0;
  #heardAtMs = Date.now();

  constructor(nc: NatsConnection, options: PullInboxOptions) {
    this.#nc = nc;
    this.#options = options;
    this.#requestSubject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    this.#subscription = nc.subscribe(this.#inbox, { callback: (_error, message) => this.#received(message) });
  }

  /** Messages asked for that have not come yet. */
  get asked(): number {
    return this.#asked;
  }

  /** True when a request is open and even the heartbeats have stopped. */
  get silent(): boolean {
    return this.#asked > 0 && Date.now() - this.#heardAtMs > SILENCE_MAX_MS;
  }

  ask(batch: number): void {
    if (this.#asked === 0) this.#heardAtMs = Date.now();
    this.#asked += batch;
    const expiresMs = this.#options.expiresMs ?? EXPIRES_MS;
    // Requests that end so soon are a sign of life by themselves, and the server refuses heartbeats on them.
    const heartbeat = expiresMs > 2 * HEARTBEAT_MS ? { idle_heartbeat: nanos(HEARTBEAT_MS) } : {};
    const request = { batch, expires: nanos(expiresMs), ...heartbeat };
    this.#nc.publish(this.#requestSubject, JSON.stringify(request), { reply: this.#inbox });
  }

  /** What is on its way is still handed over; afterwards nothing comes any more. */
  async drain(): Promise<void> {
    if (!this.#nc.isClosed()) await this.#subscription.drain();
  }

  close(): void {
    if (!this.#nc.isClosed()) this.#subscription.unsubscribe();
  }

  #received(message: Msg): void {
    this.#heardAtMs = Date.now();
    if (message.reply) {
      this.#asked = Math.max(0, this.#asked - 1);
      this.#options.onMessage(message);
      return;
    }
    const code = message.headers?.code ?? 503;
    const description = message.headers?.description ?? '';
    if (code === 100) return;
    if (code === 503 || (code === 409 && /deleted|leadership|shutdown/i.test(description))) {
      this.#options.onLost(code === 503 ? 'the consumer is not there' : description);
      return;
    }
    // A request that ran out says how many of its messages never came.
    const left = Number(message.headers?.get('Nats-Pending-Messages') ?? this.#asked);
    this.#asked = Math.max(0, this.#asked - left);
    this.#options.onEnded();
  }
}
