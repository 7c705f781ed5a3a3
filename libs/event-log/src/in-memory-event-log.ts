import { type AggregateRef, type CommitDraft, logSubject } from '@throughline/contracts';
import { AggregateReader, readAlone, readRecord, type StoredRecord } from './aggregate-reader.ts';
import { encodeCommit } from './commit-encoding.ts';
import type { AggregateRead, AppendOutcome, EventLog, ReadOptions } from './event-log.ts';

const BYTES_MAX = 64 * 1024 * 1024;

/** The log in one process's memory, for specs. Keeps bytes as the real one does, so encoding faults show here too. */
export class InMemoryEventLog implements EventLog {
  readonly #bytesMax: number;
  readonly #nowMs: () => number;
  readonly #bySubject = new Map<string, StoredRecord[]>();
  #seq = 0;
  #bytes = 0;

  constructor(options: { readonly bytesMax?: number; readonly nowMs?: () => number } = {}) {
    this.#bytesMax = options.bytesMax ?? BYTES_MAX;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  append(drafts: readonly CommitDraft[]): Promise<readonly AppendOutcome[]> {
    return Promise.resolve(drafts.map((draft) => this.#appendOne(draft)));
  }

  read(ref: AggregateRef, options: ReadOptions = {}): Promise<AggregateRead> {
    const subject = logSubject(ref);
    const records = this.#bySubject.get(subject) ?? [];
    const reader = new AggregateReader(subject, options);
    const tail = records.at(-1);
    for (const record of records) {
      if (record.seq >= reader.nextSeq && tail && reader.wants(tail)) reader.take(record);
    }
    return Promise.resolve(reader.finish());
  }

  last(ref: AggregateRef): Promise<AggregateRead> {
    const subject = logSubject(ref);
    return Promise.resolve(readAlone(this.#bySubject.get(subject)?.at(-1), subject));
  }

  room(): Promise<{ bytes: number; bytesMax: number }> {
    return Promise.resolve({ bytes: this.#bytes, bytesMax: this.#bytesMax });
  }

  /** Puts bytes on the log that no `append` would: what a damaged disk or a newer build leaves behind. */
  plant(ref: AggregateRef, bytes: Uint8Array): number {
    return this.#store(logSubject(ref), bytes);
  }

  #appendOne(draft: CommitDraft): AppendOutcome {
    const subject = logSubject(draft);
    const { bytes, commit } = encodeCommit(draft);
    const records = this.#bySubject.get(subject) ?? [];
    if ((records.at(-1)?.seq ?? 0) !== draft.prevSeq) {
      // A commit appended twice is one commit: where its id follows the fence, the first append went through.
      const next = records.find(({ seq }) => seq > draft.prevSeq);
      const read = next && readRecord(next, subject);
      const ours = next && read?.kind === 'commit' && read.commit.id === draft.id;
      return ours ? { kind: 'appended', seq: next.seq, commit } : { kind: 'conflict' };
    }
    if (this.#bytes + bytes.length > this.#bytesMax) {
      return { kind: 'unavailable', problem: 'the log has no room (TL0204)' };
    }
    return { kind: 'appended', seq: this.#store(subject, bytes), commit };
  }

  #store(subject: string, bytes: Uint8Array): number {
    const storedAt = new Date(this.#nowMs()).toISOString();
    const record: StoredRecord = { seq: ++this.#seq, subject, storedAt, bytes };
    const records = this.#bySubject.get(subject);
    if (records) records.push(record);
    else this.#bySubject.set(subject, [record]);
    this.#bytes += bytes.length;
    return record.seq;
  }
}
