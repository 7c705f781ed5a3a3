import {
  decodeCommit,
  type DecodedCommit,
  FENCE_ERROR,
  type FencedRecord,
  type LogServer,
  PublishError,
} from '@throughline/event-log';
import type { LoggedCommit, RecordQuery, StoredRecord } from '@throughline/event-log';
import { NoAnswer, type Network, type Process } from './network.ts';

/** The server's clock, which somebody may set. */
export interface BrokerClock {
  nowMs(): number;
}

export type CommitOnLog = LoggedCommit & { readonly subject: string };

/** What the server stores: fenced by subject, numbered, never changed. */
export class SimulatedLog {
  readonly records: StoredRecord[] = [];
  /** Commits that a group under way holds back. */
  groupUnderWay = 0;
  /** How likely a replica is behind. */
  stale = 0;
  private readonly decoded: CommitOnLog[] = [];
  private readonly decodedOf = new WeakMap<Uint8Array, DecodedCommit>();
  private readonly bySubject = new Map<string, StoredRecord[]>();
  private readonly waiting: (() => void)[] = [];
  private readonly clock: BrokerClock;
  private readonly network: Network;

  constructor(clock: BrokerClock, network: Network) {
    this.clock = clock;
    this.network = network;
  }

  get lastSeq(): number {
    return this.records.length;
  }

  publish({ subject, bytes, expectedLastSeq }: FencedRecord): number {
    if (this.network.chance.happens(this.groupUnderWay)) {
      throw new PublishError('refused', 'a group is under way', FENCE_ERROR.wrongLastSequenceUnknown);
    }
    this.checkFence(subject, expectedLastSeq);
    return this.store(subject, bytes);
  }

  publishGroup(records: readonly FencedRecord[]): number {
    for (const { subject, expectedLastSeq } of records) this.checkFence(subject, expectedLastSeq);
    for (const { subject, bytes } of records) this.store(subject, bytes);
    return this.lastSeq;
  }

  find(query: RecordQuery): StoredRecord | undefined {
    if ('last_by_subj' in query) return this.bySubject.get(query.last_by_subj)?.at(-1);
    return this.bySubject.get(query.next_by_subj)?.find(({ seq }) => seq >= query.seq);
  }

  /** Of a replica: what was stored last may be missing. */
  page(subject: string, fromSeq: number): readonly StoredRecord[] {
    const { chance } = this.network;
    const known = chance.happens(this.stale) ? this.lastSeq - chance.below(4) : this.lastSeq;
    return (this.bySubject.get(subject) ?? []).filter(({ seq }) => seq >= fromSeq && seq <= known);
  }

  /** Any subject's. */
  from(seq: number, max: number): readonly StoredRecord[] {
    return this.records.slice(seq - 1, seq - 1 + max);
  }

  /** Resolves when something follows the sequence. */
  grown(seq: number, then: () => void): void {
    if (this.lastSeq > seq) then();
    else this.waiting.push(then);
  }

  /** Bytes that no append of ours has put there. */
  plant(subject: string, bytes: Uint8Array): number {
    return this.store(subject, bytes);
  }

  /** What a record says never changes: each is decoded once, by whoever reads it first. */
  readonly decode = (bytes: Uint8Array): DecodedCommit => {
    const known = this.decodedOf.get(bytes);
    if (known) return known;
    const decoded = decodeCommit(bytes);
    this.decodedOf.set(bytes, decoded);
    return decoded;
  };

  /** In the order of the log. */
  commits(): readonly CommitOnLog[] {
    for (const { seq, subject, storedAt, bytes } of this.records.slice(this.decoded.length)) {
      const read = this.decode(bytes);
      if (read.kind !== 'commit') throw new Error(`record ${seq} cannot be read: ${read.problem}`);
      this.decoded.push({ commit: read.commit, seq, storedAt, subject });
    }
    return this.decoded;
  }

  private checkFence(subject: string, expectedLastSeq: number): void {
    const last = this.bySubject.get(subject)?.at(-1)?.seq ?? 0;
    if (last === expectedLastSeq) return;
    throw new PublishError('refused', `wrong last sequence: ${last}`, FENCE_ERROR.wrongLastSequence);
  }

  private store(subject: string, bytes: Uint8Array): number {
    const record = { seq: this.lastSeq + 1, subject, storedAt: new Date(this.clock.nowMs()).toISOString(), bytes };
    this.records.push(record);
    const records = this.bySubject.get(subject);
    if (records) records.push(record);
    else this.bySubject.set(subject, [record]);
    for (const grown of this.waiting.splice(0)) grown();
    return record.seq;
  }
}

const BYTES_MAX = 2 ** 40;

/** The log's server as one process reaches it. */
export const logServerFor = (process: Process, log: SimulatedLog): LogServer => ({
  publish: (record, timeoutMs) => acked(process.call(() => log.publish(record), timeoutMs)),
  publishGroup: (records, timeoutMs) => acked(process.call(() => log.publishGroup(records), timeoutMs)),
  fromLeader: (_ref, query, timeoutMs) => process.call(() => log.find(query), timeoutMs),
  page: (_ref, subject, seq) => process.call(() => log.page(subject, seq)),
  room: () =>
    process.call(() => ({ bytes: log.records.reduce((sum, { bytes }) => sum + bytes.length, 0), bytesMax: BYTES_MAX })),
  wait: (ms) => process.sleep(ms),
});

const acked = async (published: Promise<number>): Promise<number> => {
  try {
    return await published;
  } catch (error) {
    if (error instanceof NoAnswer) throw new PublishError('timeout', error.message);
    throw error;
  }
};
