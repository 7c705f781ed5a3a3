import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { type AggregateRef, type CommitDraft, logSubject } from '@throughline/contracts';
import type { EncodedCommit } from '../commit-encoding.ts';
import type { AggregateRead, AppendOutcome, EventLog, ReadOptions } from '../event-log.ts';
import { AggregateReader, readAlone, readRecord, type StoredRecord } from '../aggregate-reader.ts';
import type { NatsConnection } from './connection.ts';
import { GroupAppender } from './group-appender.ts';
import { getFromLeader, JS_ERROR, problemOf, toInstant } from './js-api.ts';
import { createPublisher, PublishError, type Publisher } from './publisher.ts';
import { logPosition, streamFor } from './streams.ts';

export interface JetStreamEventLogOptions {
  readonly maxInFlight?: number;
  readonly ackTimeoutMs?: number;
  /** How often an append without an ack is looked up and tried again before it is `unavailable`. */
  readonly triesMax?: number;
  /** Commits fetched at once when reading. */
  readonly pageCommits?: number;
  /** Gets every commit that is sent, whatever becomes of it. */
  readonly onEncoded?: (encoded: EncodedCommit) => void;
  /** For specs that lose acks on purpose. */
  readonly publisher?: Publisher;
}

/** A page holds at most this many bytes and one commit more; commits are 1 MB at most. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
const RETRY_WAIT_MS = 50;

type Fate = { readonly kind: 'ours'; readonly seq: number } | { readonly kind: 'taken' } | { readonly kind: 'absent' };

export class JetStreamEventLog implements EventLog {
  readonly #nc: NatsConnection;
  readonly #publisher: Publisher;
  readonly #ackTimeoutMs: number;
  readonly #triesMax: number;
  readonly #pageCommits: number;
  readonly #appender: GroupAppender;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(nc: NatsConnection, options: JetStreamEventLogOptions = {}) {
    this.#nc = nc;
    this.#publisher = options.publisher ?? createPublisher(nc, { maxInFlight: options.maxInFlight ?? 1_024 });
    this.#ackTimeoutMs = options.ackTimeoutMs ?? 3_000;
    this.#triesMax = options.triesMax ?? 3;
    this.#pageCommits = options.pageCommits ?? 256;
    this.#appender = new GroupAppender({
      nc,
      publisher: this.#publisher,
      ackTimeoutMs: this.#ackTimeoutMs,
      onEncoded: options.onEncoded,
      appendAlone: (draft, encoded) => this.#appendOne(draft, encoded),
    });
  }

  append(drafts: readonly CommitDraft[]): Promise<readonly AppendOutcome[]> {
    return Promise.all(drafts.map((draft) => this.#appender.append(draft)));
  }

  async read(ref: AggregateRef, options: ReadOptions = {}): Promise<AggregateRead> {
    const subject = logSubject(ref);
    const stream = streamFor(ref);
    // The tail comes from the leader, so what a possibly stale replica leaves out of a page is noticed.
    const tail = await getFromLeader(this.#nc, stream, { last_by_subj: subject });
    const reader = new AggregateReader(subject, options);
    if (!tail || tail.seq < reader.nextSeq) return reader.finish();
    while (reader.wants(tail)) {
      if (reader.endsWith(tail)) {
        reader.take(tail);
        break;
      }
      const page = await this.#page(stream, subject, reader.nextSeq);
      const records =
        page.length > 0
          ? page
          : [await getFromLeader(this.#nc, stream, { seq: reader.nextSeq, next_by_subj: subject })];
      for (const record of records) if (record && reader.wants(tail)) reader.take(record);
    }
    return reader.finish();
  }

  async last(ref: AggregateRef): Promise<AggregateRead> {
    const subject = logSubject(ref);
    return readAlone(await getFromLeader(this.#nc, streamFor(ref), { last_by_subj: subject }), subject);
  }

  async room(): Promise<{ bytes: number; bytesMax: number }> {
    const { bytes, bytesMax } = await logPosition(this.#nc);
    return { bytes, bytesMax };
  }

  close(): void {
    this.#publisher.close();
  }

  async #appendOne(draft: CommitDraft, encoded: EncodedCommit): Promise<AppendOutcome> {
    let problem = '';
    for (let tries = 1; tries <= this.#triesMax; tries += 1) {
      const outcome = await this.#tryAppend(draft, encoded);
      if (outcome.kind !== 'unknown') return outcome;
      problem = outcome.problem;
      if (tries < this.#triesMax) await new Promise((resolve) => setTimeout(resolve, RETRY_WAIT_MS * tries));
    }
    return { kind: 'unavailable', problem };
  }

  async #tryAppend(
    draft: CommitDraft,
    { bytes, commit }: EncodedCommit,
  ): Promise<AppendOutcome | { kind: 'unknown'; problem: string }> {
    try {
      const { seq } = await this.#publisher.publish(logSubject(draft), bytes, {
        expectedLastSubjectSeq: draft.prevSeq,
        timeoutMs: this.#ackTimeoutMs,
      });
      return { kind: 'appended', seq, commit };
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      const wrongSequence =
        error.errCode === JS_ERROR.wrongLastSequence || error.errCode === JS_ERROR.wrongLastSequenceUnknown;
      if (error.kind === 'refused' && !wrongSequence) return { kind: 'unavailable', problem: refusalText(error) };
      if (error.kind === 'too-large') return { kind: 'too-large', problem: error.message };
      if (error.kind === 'overloaded') return { kind: 'unavailable', problem: error.message };
      // A timeout, a lost connection, or somebody's commit that may be our own, sent before and never acked.
      return await this.#resolve(draft, commit, error, wrongSequence);
    }
  }

  async #resolve(
    draft: CommitDraft,
    commit: EncodedCommit['commit'],
    error: PublishError,
    wrongSequence: boolean,
  ): Promise<AppendOutcome | { kind: 'unknown'; problem: string }> {
    try {
      const fate = await this.#fateOf(draft);
      if (fate.kind === 'ours') return { kind: 'appended', seq: fate.seq, commit };
      if (fate.kind === 'taken') return { kind: 'conflict' };
      // Nothing follows the fence and still it is refused: the caller's `prevSeq` is not this aggregate's.
      if (error.errCode === JS_ERROR.wrongLastSequence) return { kind: 'conflict' };
      return { kind: 'unknown', problem: wrongSequence ? error.message : `no ack: ${error.message}` };
    } catch (lookUpError) {
      return { kind: 'unknown', problem: `${error.message}; and it could not be looked up: ${problemOf(lookUpError)}` };
    }
  }

  /** Whose commit follows the fence. Asked of the leader: a stale replica would call our own commit absent. */
  async #fateOf(draft: CommitDraft): Promise<Fate> {
    const query = { seq: draft.prevSeq + 1, next_by_subj: logSubject(draft) };
    const record = await getFromLeader(this.#nc, streamFor(draft), query, this.#ackTimeoutMs);
    if (!record) return { kind: 'absent' };
    const read = readRecord(record, query.next_by_subj);
    return read.kind === 'commit' && read.commit.id === draft.id
      ? { kind: 'ours', seq: record.seq }
      : { kind: 'taken' };
  }

  async #page(stream: string, subject: string, seq: number): Promise<readonly StoredRecord[]> {
    this.#manager ??= jetstreamManager(this.#nc, { checkAPI: false });
    const { direct } = await this.#manager;
    const records: StoredRecord[] = [];
    const query = { seq, next_by_subj: subject, batch: this.#pageCommits, max_bytes: PAGE_BYTES_MAX };
    for await (const message of await direct.getBatch(stream, query)) {
      records.push({
        seq: message.seq,
        subject: message.subject,
        storedAt: toInstant(message.timestamp),
        bytes: message.data,
      });
    }
    return records;
  }
}

const refusalText = (error: PublishError): string =>
  error.errCode === JS_ERROR.storeFailed || error.errCode === JS_ERROR.insufficientStorage
    ? `the log has no room (TL0204): ${error.message}`
    : `the log refused it: ${error.message} (${error.errCode})`;
