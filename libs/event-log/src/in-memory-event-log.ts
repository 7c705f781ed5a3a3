import { type AggregateRef, type CommitDraft, logSubject } from '@throughline/contracts';
import { decodeCommit, encodeCommit } from './commit-encoding.ts';
import type { AggregateRead, AppendOutcome, EventLog, LoggedCommit, ReadOptions } from './event-log.ts';

interface Stored {
  readonly seq: number;
  readonly storedAt: string;
  readonly bytes: Uint8Array;
}

const BYTES_MAX = 64 * 1024 * 1024;

/** The log in one process's memory, for specs. Keeps bytes as the real one does, so encoding faults show here too. */
export class InMemoryEventLog implements EventLog {
  readonly #bytesMax: number;
  readonly #nowMs: () => number;
  readonly #bySubject = new Map<string, Stored[]>();
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
    const commits: LoggedCommit[] = [];
    for (const { seq, storedAt, bytes } of this.#bySubject.get(logSubject(ref)) ?? []) {
      if (seq < (options.fromSeq ?? 1)) continue;
      const decoded = decodeCommit(bytes);
      if (decoded.kind === 'unreadable') return Promise.resolve({ ...decoded, seq });
      if (options.toVersion !== undefined && decoded.commit.version > options.toVersion) break;
      commits.push({ commit: decoded.commit, seq, storedAt });
    }
    return Promise.resolve({ kind: 'commits', commits });
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
    const tail = this.#bySubject.get(subject)?.at(-1)?.seq ?? 0;
    if (tail !== draft.prevSeq) return this.#lookUp(subject, draft);
    const { bytes, commit } = encodeCommit(draft);
    if (this.#bytes + bytes.length > this.#bytesMax)
      return { kind: 'unavailable', problem: 'the log is full (TL0204)' };
    return { kind: 'appended', seq: this.#store(subject, bytes), commit };
  }

  /** A commit appended twice is one commit: its id on the tail means that the first append went through. */
  #lookUp(subject: string, draft: CommitDraft): AppendOutcome {
    const tail = this.#bySubject.get(subject)?.at(-1);
    const decoded = tail && decodeCommit(tail.bytes);
    return tail && decoded?.kind === 'commit' && decoded.commit.id === draft.id
      ? { kind: 'appended', seq: tail.seq, commit: decoded.commit }
      : { kind: 'conflict' };
  }

  #store(subject: string, bytes: Uint8Array): number {
    const stored = { seq: ++this.#seq, storedAt: new Date(this.#nowMs()).toISOString(), bytes };
    const list = this.#bySubject.get(subject);
    if (list) list.push(stored);
    else this.#bySubject.set(subject, [stored]);
    this.#bytes += bytes.length;
    return stored.seq;
  }
}
