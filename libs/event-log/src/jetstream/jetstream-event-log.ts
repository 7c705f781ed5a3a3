import { JetStreamError, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { nuid } from '@nats-io/transport-node';
import type { AggregateRef } from '@throughline/contracts';
import type { StoredRecord } from '../aggregate-reader.ts';
import type { FencedRecord, LogServer, RecordQuery } from '../log-server.ts';
import { ServedEventLog, type ServedEventLogOptions } from '../served-event-log.ts';
import type { NatsConnection } from './connection.ts';
import { getFromLeader, toInstant } from './js-api.ts';
import { createPublisher, encodeHeaders, type Publisher } from './publisher.ts';
import { logPosition, streamFor } from './streams.ts';

export interface JetStreamEventLogOptions extends ServedEventLogOptions {
  readonly maxInFlight?: number;
  /** Commits fetched at once when reading. */
  readonly pageCommits?: number;
  /** For specs that lose acks on purpose. */
  readonly publisher?: Publisher;
}

/** A page holds at most this many bytes and one commit more; commits are 1 MB at most. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
const NOT_FOUND = 404;

export class JetStreamEventLog extends ServedEventLog {
  readonly #publisher: Publisher;

  constructor(nc: NatsConnection, options: JetStreamEventLogOptions = {}) {
    const publisher = options.publisher ?? createPublisher(nc, { maxInFlight: options.maxInFlight ?? 1_024 });
    super(new JetStreamLogServer(nc, publisher, options.pageCommits ?? 256), options);
    this.#publisher = publisher;
  }

  close(): void {
    this.#publisher.close();
  }
}

class JetStreamLogServer implements LogServer {
  readonly #nc: NatsConnection;
  readonly #publisher: Publisher;
  readonly #pageCommits: number;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(nc: NatsConnection, publisher: Publisher, pageCommits: number) {
    this.#nc = nc;
    this.#publisher = publisher;
    this.#pageCommits = pageCommits;
  }

  async publish({ subject, bytes, expectedLastSeq }: FencedRecord, timeoutMs: number): Promise<number> {
    const { seq } = await this.#publisher.publish(subject, bytes, {
      expectedLastSubjectSeq: expectedLastSeq,
      timeoutMs,
    });
    return seq;
  }

  async publishGroup(records: readonly FencedRecord[], timeoutMs: number): Promise<number> {
    const batchId = nuid.next();
    const last = records.length - 1;
    const optionsOf = ({ expectedLastSeq }: FencedRecord, index: number) => ({
      expectedLastSubjectSeq: expectedLastSeq,
      headers: {
        'Nats-Batch-Id': batchId,
        'Nats-Batch-Sequence': String(index + 1),
        ...(index === last ? { 'Nats-Batch-Commit': '1' } : {}),
      },
    });
    let acked: Promise<{ seq: number; count?: number }> | undefined;
    records.forEach((record, index) => {
      const options = optionsOf(record, index);
      if (index < last) this.#nc.publish(record.subject, record.bytes, { headers: encodeHeaders(options) });
      else acked = this.#publisher.publish(record.subject, record.bytes, { ...options, timeoutMs });
    });
    const ack = await acked;
    if (ack?.count !== records.length) throw new Error(`a group of ${records.length} was acked as ${ack?.count}`);
    return ack.seq;
  }

  fromLeader(ref: AggregateRef, query: RecordQuery, timeoutMs?: number): Promise<StoredRecord | undefined> {
    return getFromLeader(this.#nc, streamFor(ref), query, timeoutMs);
  }

  async page(ref: AggregateRef, subject: string, seq: number): Promise<readonly StoredRecord[]> {
    this.#manager ??= jetstreamManager(this.#nc, { checkAPI: false });
    const { direct } = await this.#manager;
    const records: StoredRecord[] = [];
    const query = { seq, next_by_subj: subject, batch: this.#pageCommits, max_bytes: PAGE_BYTES_MAX };
    try {
      for await (const message of await direct.getBatch(streamFor(ref), query)) {
        records.push({
          seq: message.seq,
          subject: message.subject,
          storedAt: toInstant(message.timestamp),
          bytes: message.data,
        });
      }
    } catch (error) {
      // A replica that has nothing of it yet says so; the reader asks the leader.
      if (!(error instanceof JetStreamError && 'code' in error && error.code === NOT_FOUND)) throw error;
    }
    return records;
  }

  async room(): Promise<{ bytes: number; bytesMax: number }> {
    const { bytes, bytesMax } = await logPosition(this.#nc);
    return { bytes, bytesMax };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}
