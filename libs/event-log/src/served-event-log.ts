import { type AggregateRef, type CommitDraft, logSubject } from '@throughline/contracts';
import { AggregateReader, type Decode, readAlone, readRecord } from './aggregate-reader.ts';
import type { EncodedCommit } from './commit-encoding.ts';
import type { AggregateRead, AppendOutcome, EventLog, ReadOptions } from './event-log.ts';
import { GroupAppender } from './group-appender.ts';
import { FENCE_ERROR, type LogServer, PublishError } from './log-server.ts';

export interface ServedEventLogOptions {
  readonly ackTimeoutMs?: number;
  /** How often an append without an ack is looked up and tried again before it is `unavailable`. */
  readonly triesMax?: number;
  /** So many commits at least make a group. */
  readonly groupMin?: number;
  /** Gets every commit that is sent, whatever becomes of it. */
  readonly onEncoded?: (encoded: EncodedCommit) => void;
  /** Of a server whose records never change one may remember what they say. */
  readonly decode?: Decode;
}

const RETRY_WAIT_MS = 50;

type Fate = { readonly kind: 'ours'; readonly seq: number } | { readonly kind: 'taken' } | { readonly kind: 'absent' };

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The log as a client of its server: fenced appends whose lost acks are looked up, reads that do not trust a replica for
 * what is newest.
 */
export class ServedEventLog implements EventLog {
  readonly #server: LogServer;
  readonly #ackTimeoutMs: number;
  readonly #triesMax: number;
  readonly #appender: GroupAppender;
  readonly #decode: Decode | undefined;

  constructor(server: LogServer, options: ServedEventLogOptions = {}) {
    this.#server = server;
    this.#ackTimeoutMs = options.ackTimeoutMs ?? 3_000;
    this.#triesMax = options.triesMax ?? 3;
    this.#decode = options.decode;
    this.#appender = new GroupAppender({
      server,
      ackTimeoutMs: this.#ackTimeoutMs,
      groupMin: options.groupMin,
      onEncoded: options.onEncoded,
      appendAlone: (draft, encoded) => this.#appendOne(draft, encoded),
    });
  }

  append(drafts: readonly CommitDraft[]): Promise<readonly AppendOutcome[]> {
    return Promise.all(drafts.map((draft) => this.#appender.append(draft)));
  }

  async read(ref: AggregateRef, options: ReadOptions = {}): Promise<AggregateRead> {
    const subject = logSubject(ref);
    // The tail comes from the leader, so what a possibly stale replica leaves out of a page is noticed.
    const tail = await this.#server.fromLeader(ref, { last_by_subj: subject });
    const reader = new AggregateReader(subject, options, this.#decode);
    if (!tail || tail.seq < reader.nextSeq) return reader.finish();
    while (reader.wants(tail)) {
      if (reader.endsWith(tail)) {
        reader.take(tail);
        break;
      }
      const page = await this.#server.page(ref, subject, reader.nextSeq);
      const records =
        page.length > 0 ? page : [await this.#server.fromLeader(ref, { seq: reader.nextSeq, next_by_subj: subject })];
      for (const record of records) if (record && reader.wants(tail)) reader.take(record);
    }
    return reader.finish();
  }

  async last(ref: AggregateRef): Promise<AggregateRead> {
    const subject = logSubject(ref);
    return readAlone(await this.#server.fromLeader(ref, { last_by_subj: subject }), subject, this.#decode);
  }

  room(): Promise<{ bytes: number; bytesMax: number }> {
    return this.#server.room();
  }

  async #appendOne(draft: CommitDraft, encoded: EncodedCommit): Promise<AppendOutcome> {
    let problem = '';
    for (let tries = 1; tries <= this.#triesMax; tries += 1) {
      const outcome = await this.#tryAppend(draft, encoded);
      if (outcome.kind !== 'unknown') return outcome;
      problem = outcome.problem;
      if (tries < this.#triesMax) await this.#server.wait(RETRY_WAIT_MS * tries);
    }
    return { kind: 'unavailable', problem };
  }

  async #tryAppend(
    draft: CommitDraft,
    { bytes, commit }: EncodedCommit,
  ): Promise<AppendOutcome | { kind: 'unknown'; problem: string }> {
    try {
      const record = { subject: logSubject(draft), bytes, expectedLastSeq: draft.prevSeq };
      const seq = await this.#server.publish(record, this.#ackTimeoutMs);
      return { kind: 'appended', seq, commit };
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      const wrongSequence =
        error.errCode === FENCE_ERROR.wrongLastSequence || error.errCode === FENCE_ERROR.wrongLastSequenceUnknown;
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
      if (error.errCode === FENCE_ERROR.wrongLastSequence) return { kind: 'conflict' };
      return { kind: 'unknown', problem: wrongSequence ? error.message : `no ack: ${error.message}` };
    } catch (lookUpError) {
      return { kind: 'unknown', problem: `${error.message}; and it could not be looked up: ${problemOf(lookUpError)}` };
    }
  }

  /** Whose commit follows the fence. Asked of the leader: a stale replica would call our own commit absent. */
  async #fateOf(draft: CommitDraft): Promise<Fate> {
    const query = { seq: draft.prevSeq + 1, next_by_subj: logSubject(draft) };
    const record = await this.#server.fromLeader(draft, query, this.#ackTimeoutMs);
    if (!record) return { kind: 'absent' };
    const read = readRecord(record, query.next_by_subj, this.#decode);
    return read.kind === 'commit' && read.commit.id === draft.id
      ? { kind: 'ours', seq: record.seq }
      : { kind: 'taken' };
  }
}

const refusalText = (error: PublishError): string =>
  error.errCode === FENCE_ERROR.storeFailed || error.errCode === FENCE_ERROR.insufficientStorage
    ? `the log has no room (TL0204): ${error.message}`
    : `the log refused it: ${error.message} (${error.errCode})`;
