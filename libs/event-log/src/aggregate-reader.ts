import { logSubject } from '@throughline/contracts';
import { decodeCommit, type DecodedCommit } from './commit-encoding.ts';
import type { AggregateRead, LoggedCommit, ReadOptions } from './event-log.ts';

/** One message of the log as it is stored. */
export interface StoredRecord {
  readonly seq: number;
  readonly subject: string;
  readonly storedAt: string;
  readonly bytes: Uint8Array;
}

export type Decode = (bytes: Uint8Array) => DecodedCommit;

/** Decodes a record and checks that it stands where it says: bytes moved to another aggregate's subject are damage. */
export const readRecord = (record: StoredRecord, subject: string, decode: Decode = decodeCommit): DecodedCommit => {
  const decoded = decode(record.bytes);
  if (decoded.kind === 'commit' && logSubject(decoded.commit) !== subject) {
    return { kind: 'unreadable', code: 'TL0202', problem: `the commit belongs to ${logSubject(decoded.commit)}` };
  }
  return decoded;
};

/** What is read where only one record is asked for. */
export const readAlone = (record: StoredRecord | undefined, subject: string, decode?: Decode): AggregateRead => {
  if (!record) return { kind: 'commits', commits: [] };
  const { seq, storedAt } = record;
  const decoded = readRecord(record, subject, decode);
  return decoded.kind === 'commit'
    ? { kind: 'commits', commits: [{ commit: decoded.commit, seq, storedAt }] }
    : { ...decoded, seq };
};

/** Collects the commits of one aggregate in order; stops for good at the first record that does not follow. */
export class AggregateReader {
  readonly #subject: string;
  readonly #toVersion: number;
  readonly #fromStart: boolean;
  readonly #decode: Decode | undefined;
  readonly #commits: LoggedCommit[] = [];
  #unreadable: Extract<AggregateRead, { kind: 'unreadable' }> | undefined;
  #done = false;
  #nextSeq: number;

  constructor(subject: string, options: ReadOptions, decode?: Decode) {
    this.#subject = subject;
    this.#decode = decode;
    this.#toVersion = options.toVersion ?? Number.MAX_SAFE_INTEGER;
    this.#fromStart = options.fromSeq === undefined || options.fromSeq <= 1;
    this.#nextSeq = options.fromSeq ?? 1;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  wants(tail: StoredRecord): boolean {
    return !this.#done && this.#nextSeq <= tail.seq;
  }

  /** Saves a page read where only the tail is missing: always so for a new aggregate and for one that is nearly up to date. */
  endsWith(tail: StoredRecord): boolean {
    if (this.#nextSeq === tail.seq) return true;
    const decoded = readRecord(tail, this.#subject, this.#decode);
    if (decoded.kind === 'unreadable') return false;
    const last = this.#commits.at(-1);
    return last ? decoded.commit.prevSeq === last.seq : decoded.commit.prevSeq < this.#nextSeq;
  }

  take(record: StoredRecord): void {
    const decoded = readRecord(record, this.#subject, this.#decode);
    const problem =
      decoded.kind === 'commit' ? this.#breakIn(decoded.commit.version, decoded.commit.prevSeq) : undefined;
    this.#nextSeq = record.seq + 1;
    if (decoded.kind === 'unreadable') {
      this.#done = true;
      this.#unreadable = { ...decoded, seq: record.seq };
    } else if (problem !== undefined) {
      this.#done = true;
      this.#unreadable = { kind: 'unreadable', code: 'TL0202', seq: record.seq, problem };
    } else if (decoded.commit.version > this.#toVersion) {
      this.#done = true;
    } else {
      const { kind: _kind, ...read } = decoded;
      this.#commits.push({ ...read, seq: record.seq, storedAt: record.storedAt });
      this.#done = decoded.commit.version === this.#toVersion;
    }
  }

  finish(): AggregateRead {
    return this.#unreadable ?? { kind: 'commits', commits: this.#commits };
  }

  #breakIn(version: number, prevSeq: number): string | undefined {
    const last = this.#commits.at(-1);
    if (last) {
      if (version !== last.commit.version + 1) return `version ${version} follows version ${last.commit.version}`;
      if (prevSeq !== last.seq) return `it follows sequence ${prevSeq}, the commit before it is ${last.seq}`;
    } else if (this.#fromStart && (version !== 1 || prevSeq !== 0)) {
      return `the first commit is version ${version} after sequence ${prevSeq}`;
    }
    return undefined;
  }
}
