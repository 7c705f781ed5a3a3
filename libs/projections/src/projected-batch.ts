import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { decodeCommit, type DecodedCommit } from '@throughline/event-log';
import type { FeedRecord } from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import { inBatchTransaction } from './batch-transaction.ts';
import { type Checkpoint, moveCheckpoint } from './checkpoint.ts';
import type { ProjectedRecord, Projection, SqlTransaction, UnreadableRecord, WriteRows } from './projection.ts';

/** Some milliseconds of work. */
export const RECORDS_PER_TURN = 250;

/** A run of commits, or one record between them that cannot be read. */
export type Stretch =
  | { readonly kind: 'commits'; readonly records: readonly ProjectedRecord[] }
  | { readonly kind: 'unreadable'; readonly record: UnreadableRecord };

export interface DecodedBatch {
  readonly stretches: readonly Stretch[];
  readonly commits: readonly ProjectedRecord[];
  readonly lastSeq: number;
  /** Where the batch had to be cut off: the projection cannot take this record. */
  readonly stoppedBy?: UnreadableRecord;
}

export type Decode = (bytes: Uint8Array) => DecodedCommit;

const decodeRecord = (record: FeedRecord, decode: Decode): ProjectedRecord | UnreadableRecord => {
  const decoded = decode(record.bytes);
  const { seq, storedAt, bytes } = record;
  const { kind: _kind, ...read } = decoded;
  return 'commit' in read
    ? { ...read, seq, storedAt, bytes }
    : { seq, subject: record.subject, storedAt, bytes, ...read };
};

export const decodeBatch = (
  records: readonly FeedRecord[],
  takesUnreadable: boolean,
  decode: Decode = decodeCommit,
): DecodedBatch => {
  const stretches: Stretch[] = [];
  const commits: ProjectedRecord[] = [];
  let run: ProjectedRecord[] = [];
  let lastSeq = 0;
  for (const raw of records) {
    const record = decodeRecord(raw, decode);
    if ('commit' in record) {
      if (run.length === 0) stretches.push({ kind: 'commits', records: run });
      run.push(record);
      commits.push(record);
    } else {
      if (!takesUnreadable) return { stretches, commits, lastSeq, stoppedBy: record };
      stretches.push({ kind: 'unreadable', record });
      run = [];
    }
    lastSeq = record.seq;
  }
  return { stretches, commits, lastSeq };
};

/** The same for a large batch, beside others who want the processor: they get it every few hundred records. */
export const decodeBatchInTurns = async (
  records: readonly FeedRecord[],
  takesUnreadable: boolean,
): Promise<DecodedBatch> => {
  const stretches: Stretch[] = [];
  let whole: DecodedBatch = { stretches, commits: [], lastSeq: 0 };
  for (let from = 0; from < records.length && !whole.stoppedBy; from += RECORDS_PER_TURN) {
    const part = decodeBatch(records.slice(from, from + RECORDS_PER_TURN), takesUnreadable);
    for (const stretch of part.stretches) addStretch(stretches, stretch);
    const lastSeq = Math.max(whole.lastSeq, part.lastSeq);
    whole = { ...part, stretches, lastSeq, commits: [...whole.commits, ...part.commits] };
    await turnOfOthers();
  }
  return whole;
};

/** Where a batch was cut for the sake of others, the run of commits goes on. */
const addStretch = (stretches: Stretch[], next: Stretch): void => {
  const last = stretches.at(-1);
  if (last?.kind !== 'commits' || next.kind !== 'commits') return void stretches.push(next);
  stretches[stretches.length - 1] = { kind: 'commits', records: [...last.records, ...next.records] };
};

/** Rows and checkpoint in one transaction: a batch is there entirely or not at all, and never twice. */
export const applyBatch = (
  pool: Pool,
  schema: string,
  projection: Projection,
  batch: DecodedBatch,
  checkpoint: Checkpoint,
): Promise<void> => inBatchTransaction(pool, schema, (sql) => writeBatch(sql, projection, batch, checkpoint));

/** What one transaction writes. Throws where another runner has moved the checkpoint. */
export const writeBatch = async (
  sql: SqlTransaction,
  projection: Projection,
  batch: DecodedBatch,
  checkpoint: Checkpoint,
): Promise<void> => {
  await moveCheckpoint(sql, checkpoint.seq, { ...checkpoint, seq: batch.lastSeq });
  for (const stretch of batch.stretches) await writeOf(projection, stretch)(sql);
};

const writeOf =
  (projection: Projection, stretch: Stretch): WriteRows =>
  (sql) =>
    stretch.kind === 'commits'
      ? projection.apply(stretch.records, sql)
      : (projection.applyUnreadable?.(stretch.record, sql) ?? Promise.resolve());

/** A batch whose rows are there already as far as the projection can make them before the one before it is written. */
export interface PreparedBatch {
  readonly lastSeq: number;
  readonly commits: number;
  readonly writes: readonly WriteRows[];
}

export const prepareBatch = async (projection: Projection, batch: DecodedBatch): Promise<PreparedBatch> => {
  const writes: WriteRows[] = [];
  for (const stretch of batch.stretches) {
    const rows = stretch.kind === 'commits' ? await projection.prepare?.(stretch.records) : undefined;
    writes.push(rows ?? writeOf(projection, stretch));
  }
  return { lastSeq: batch.lastSeq, commits: batch.commits.length, writes };
};

export const applyPrepared = (
  pool: Pool,
  schema: string,
  { lastSeq, writes }: PreparedBatch,
  checkpoint: Checkpoint,
): Promise<void> =>
  inBatchTransaction(pool, schema, async (sql) => {
    await moveCheckpoint(sql, checkpoint.seq, { ...checkpoint, seq: lastSeq });
    for (const write of writes) await write(sql);
  });
