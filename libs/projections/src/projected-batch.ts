import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { decodeCommit, type DecodedCommit } from '@throughline/event-log';
import type { FeedRecord } from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import { inBatchTransaction } from './batch-transaction.ts';
import { type Checkpoint, moveCheckpoint } from './checkpoint.ts';
import type { ProjectedRecord, Projection, SqlTransaction, UnreadableRecord, WriteRows } from './projection.ts';

/** Some milliseconds of work. */
export const RECORDS_PER_TURN = 250;

export interface DecodedBatch {
  readonly commits: readonly ProjectedRecord[];
  /** 0 where nothing before the unreadable record was read. */
  readonly lastSeq: number;
  /** Where the batch had to be cut off: rows built around a hole would be wrong without anybody seeing it. */
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

/** Others who want the processor get it every few hundred records. */
export const decodeBatch = async (
  records: readonly FeedRecord[],
  decode: Decode = decodeCommit,
): Promise<DecodedBatch> => {
  const commits: ProjectedRecord[] = [];
  for (const [index, raw] of records.entries()) {
    if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await turnOfOthers();
    const record = decodeRecord(raw, decode);
    if (!('commit' in record)) return { commits, lastSeq: commits.at(-1)?.seq ?? 0, stoppedBy: record };
    commits.push(record);
  }
  return { commits, lastSeq: commits.at(-1)?.seq ?? 0 };
};

/** A batch whose rows are there already: what is left is to write them. */
export interface PreparedBatch {
  readonly lastSeq: number;
  readonly write: WriteRows;
}

export const prepareBatch = async (projection: Projection, batch: DecodedBatch): Promise<PreparedBatch> => ({
  lastSeq: batch.lastSeq,
  write: await projection.prepare(batch.commits),
});

/** What one transaction writes. Throws where another runner has moved the checkpoint. */
export const writeBatch = async (sql: SqlTransaction, batch: PreparedBatch, checkpoint: Checkpoint): Promise<void> => {
  await moveCheckpoint(sql, checkpoint.seq, { ...checkpoint, seq: batch.lastSeq });
  await batch.write(sql);
};

/** Rows and checkpoint in one transaction: a batch is there entirely or not at all, and never twice. */
export const applyBatch = (pool: Pool, schema: string, batch: PreparedBatch, checkpoint: Checkpoint): Promise<void> =>
  inBatchTransaction(pool, schema, (sql) => writeBatch(sql, batch, checkpoint));
