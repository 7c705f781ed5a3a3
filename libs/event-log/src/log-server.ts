import type { AggregateRef } from '@throughline/contracts';
import type { StoredRecord } from './aggregate-reader.ts';

/** Why a publish has no ack. `refused`: the server said no (`errCode`). `timeout`: it may or may not be stored. */
export class PublishError extends Error {
  readonly kind: 'refused' | 'timeout' | 'no-responders' | 'overloaded' | 'closed' | 'too-large';
  readonly errCode: number;
  constructor(kind: PublishError['kind'], message: string, errCode = 0) {
    super(message);
    this.name = 'PublishError';
    this.kind = kind;
    this.errCode = errCode;
  }
}

/** Error numbers of a server that refuses a fenced record. */
export const FENCE_ERROR = {
  wrongLastSequence: 10071,
  /** A member of a group that is under way holds the subject: nothing is known yet. */
  wrongLastSequenceUnknown: 10164,
  storeFailed: 10077,
  insufficientStorage: 10047,
} as const;

/** One commit on its way to the server. */
export interface FencedRecord {
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The last sequence of the subject; 0 where it must have none. */
  readonly expectedLastSeq: number;
}

export type RecordQuery = { readonly last_by_subj: string } | { readonly seq: number; readonly next_by_subj: string };

/** The server that holds the log, as the log's client sees it: it may be slow, stale, silent, or answer too late. */
export interface LogServer {
  /** Resolves with the sequence once it is stored; throws a `PublishError`. */
  publish(record: FencedRecord, timeoutMs: number): Promise<number>;
  /** All or none, each with its own fence; resolves with the sequence of the last one. At most one of a subject. */
  publishGroup(records: readonly FencedRecord[], timeoutMs: number): Promise<number>;
  /** As the leader has it this moment. */
  fromLeader(ref: AggregateRef, query: RecordQuery, timeoutMs?: number): Promise<StoredRecord | undefined>;
  /** Records of the subject from a sequence on, as any replica has them: there may be newer ones. */
  page(ref: AggregateRef, subject: string, seq: number): Promise<readonly StoredRecord[]>;
  room(): Promise<{ bytes: number; bytesMax: number }>;
  wait(ms: number): Promise<void>;
}
