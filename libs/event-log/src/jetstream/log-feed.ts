import { AckPolicy, DeliverPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node';
import { STREAMS } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { deliveryFacts } from './delivery-facts.ts';
import { problemOf } from './js-api.ts';
import { logPosition, logPositionAfter } from './streams.ts';

export interface FeedRecord {
  readonly seq: number;
  readonly subject: string;
  /** RFC 3339, milliseconds. */
  readonly storedAt: string;
  readonly bytes: Uint8Array;
}

export interface LogFeedOptions {
  /** Shown in the server's consumer list, e.g. `audit-service`. */
  readonly name: string;
  /** First sequence to deliver: checkpoint + 1. */
  readonly fromSeq: number;
  /** Default: the whole log. */
  readonly filterSubject?: string;
  readonly batchMax: number;
  /** Where the checkpoint names the stream's creation time: another stream is refused. */
  readonly created?: string;
  onProblem?(problem: string): void;
}

export interface LogFeed {
  /** The stream's creation time, for the checkpoint. */
  readonly created: string;
  /** Up to `maxMessages` records in order, as soon as there is one; empty after `idleMs` without any, or when `signal` aborts. */
  next(options: {
    readonly maxMessages?: number;
    readonly idleMs: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly FeedRecord[]>;
  close(): Promise<void>;
}

/** The log under the feed is another one than before, so no checkpoint fits it. */
export class LogReplacedError extends Error {
  readonly code = 'TL0202';
  override readonly name = 'LogReplacedError';
}

/** Between two pulls of a feed that is up to date. Bursts cost the server less than a standing pull. */
const POLL_MS = 100;
/** After a burst that brought much: fewer and larger batches cost every reader, the server and Postgres less. */
const POLL_BUSY_MS = 250;
const BUSY_RECORDS = 50;
const RECREATE_WAIT_MS = 200;
const PULL_TIMEOUT_MS = 5_000;
/** One pull carries at most this much, so a batch of large commits stays bounded in memory; above `max_payload`. */
const PULL_BYTES_MAX = 16 * 1024 * 1024;
/** The server drops the consumer of a process that died. */
const INACTIVE_MS = 60_000;

type Burst = { readonly kind: 'records'; readonly records: readonly FeedRecord[] } | { readonly kind: 'lost' };

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });

/** The server's end of one feed: a light consumer (memory, no acks) and the inbox it delivers to. */
interface Source {
  readonly consumer: string;
  readonly inbox: string;
  readonly subscription: Subscription;
  nextConsumerSeq: number;
  onMessage: (message: Msg) => void;
}

/**
 * Reads the log in order by bursts. Nothing is acked: the position that counts is the reader's checkpoint, so a
 * consumer that is lost, or that skipped something, is thrown away and made again right after the last record given out.
 */
class BurstLogFeed implements LogFeed {
  readonly #nc: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #options: LogFeedOptions;
  readonly created: string;
  #nextSeq: number;
  #source: Source | undefined;
  #nextPullAtMs = 0;
  #closed = false;

  constructor(nc: NatsConnection, manager: JetStreamManager, options: LogFeedOptions, created: string) {
    this.#nc = nc;
    this.#manager = manager;
    this.#options = options;
    this.#nextSeq = options.fromSeq;
    this.created = created;
  }

  async next(options: Parameters<LogFeed['next']>[0]): Promise<readonly FeedRecord[]> {
    const batch = Math.max(1, Math.min(options.maxMessages ?? this.#options.batchMax, this.#options.batchMax));
    const untilMs = Date.now() + options.idleMs;
    while (!this.#closed && options.signal?.aborted !== true) {
      // Also after a burst that brought something: a reader that keeps up would else pull, and write, record by record.
      const waitMs = this.#nextPullAtMs - Date.now();
      if (waitMs > 0) await pause(waitMs, options.signal);
      const burst = await this.#burst(batch);
      if (burst.kind === 'records' && burst.records.length > 0) return burst.records;
      if (Date.now() >= untilMs) break;
    }
    return [];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  /** One pull, and when the next one is due: at once after a full burst, because more is waiting. */
  async #burst(batch: number): Promise<Burst> {
    const startedAtMs = Date.now();
    const source = await this.#ready();
    const burst: Burst = source ? await this.#pull(source, batch) : { kind: 'lost' };
    if (burst.kind === 'lost') {
      await this.#drop();
      this.#nextPullAtMs = Date.now() + RECREATE_WAIT_MS;
    } else {
      const pollMs = burst.records.length >= BUSY_RECORDS ? POLL_BUSY_MS : POLL_MS;
      this.#nextPullAtMs = burst.records.length >= batch ? 0 : startedAtMs + pollMs;
    }
    return burst;
  }

  async #ready(): Promise<Source | undefined> {
    if (this.#source) return this.#source;
    try {
      await this.#checkLog();
      this.#source = await this.#open();
      return this.#source;
    } catch (error) {
      if (error instanceof LogReplacedError) throw error;
      this.#options.onProblem?.(`the log cannot be read for ${this.#options.name}: ${problemOf(error)}`);
      return undefined;
    }
  }

  async #checkLog(): Promise<void> {
    const read = { created: this.created, seq: this.#nextSeq - 1 };
    const { created, lastSeq } = await logPositionAfter(this.#nc, read);
    if (created !== this.created) {
      throw new LogReplacedError(
        `${STREAMS.log} was created ${created}; the checkpoint is of the one created ${this.created}`,
      );
    }
    if (this.#nextSeq > lastSeq + 1) {
      throw new LogReplacedError(
        `${STREAMS.log} ends at ${lastSeq}; the checkpoint is already at ${this.#nextSeq - 1}`,
      );
    }
  }

  async #open(): Promise<Source> {
    const consumer = `${this.#options.name}-${nuid.next()}`;
    await this.#manager.consumers.add(STREAMS.log, {
      name: consumer,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#nextSeq,
      filter_subject: this.#options.filterSubject,
      inactive_threshold: nanos(INACTIVE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    const inbox = `_INBOX.${nuid.next()}`;
    const subscription = this.#nc.subscribe(inbox, { callback: (_error, message) => source.onMessage(message) });
    const source: Source = { consumer, inbox, subscription, nextConsumerSeq: 1, onMessage: () => {} };
    return source;
  }

  async #drop(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    if (!source || this.#nc.isClosed()) return;
    source.subscription.unsubscribe();
    // Only a courtesy: a consumer that is not asked any more goes away by itself.
    await this.#manager.consumers.delete(STREAMS.log, source.consumer).catch(() => {});
  }

  #pull(source: Source, batch: number): Promise<Burst> {
    return new Promise((resolve) => {
      const records: FeedRecord[] = [];
      let pending = 0;
      const end = (burst: Burst): void => {
        clearTimeout(timer);
        source.onMessage = () => {};
        resolve(burst);
      };
      const timer = setTimeout(() => end({ kind: 'lost' }), PULL_TIMEOUT_MS);
      source.onMessage = (message) => {
        if (!message.reply) return end(this.#ended(message, records, pending));
        const facts = deliveryFacts(message.reply);
        if (facts.consumerSeq !== source.nextConsumerSeq) return end(this.#cutOff(records));
        source.nextConsumerSeq += 1;
        pending = facts.pending;
        this.#nextSeq = facts.seq + 1;
        const storedAt = new Date(facts.storedAtMs).toISOString();
        records.push({ seq: facts.seq, subject: message.subject, storedAt, bytes: message.data });
        if (records.length === batch) end({ kind: 'records', records });
      };
      const request = JSON.stringify({ batch, no_wait: true, max_bytes: PULL_BYTES_MAX });
      this.#nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAMS.log}.${source.consumer}`, request, { reply: source.inbox });
    });
  }

  /** A status ends the burst: 404 and 408 when there is no more, 409 when the bytes are enough; the rest means no consumer. */
  #ended(status: Msg, records: readonly FeedRecord[], pending: number): Burst {
    const code = status.headers?.code ?? 503;
    const fullOfBytes = code === 409 && /max ?bytes/i.test(status.headers?.description ?? '');
    if (fullOfBytes) return { kind: 'records', records };
    if (code !== 404 && code !== 408) return this.#cutOff(records);
    // The last record said that more were there, and none came: something was dropped on the way.
    return records.length > 0 && pending > 0 ? this.#cutOff(records) : { kind: 'records', records };
  }

  /** What came before the gap is good; the consumer is not. */
  #cutOff(records: readonly FeedRecord[]): Burst {
    if (records.length === 0) return { kind: 'lost' };
    void this.#drop();
    return { kind: 'records', records };
  }
}

export const openLogFeed = async (nc: NatsConnection, options: LogFeedOptions): Promise<LogFeed> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const { created } = await logPosition(nc);
  return new BurstLogFeed(nc, manager, options, options.created ?? created);
};
