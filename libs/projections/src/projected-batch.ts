import { decodeCommit, type DecodedCommit } from '@throughline/event-log';
import type { FeedRecord } from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import { inBatchTransaction } from './batch-transaction.ts';
import { type Checkpoint, moveCheckpoint } from './checkpoint.ts';
import type { ProjectedRecord, Projection, SqlTransaction, UnreadableRecord } from './projection.ts';

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
  for (const stretch of batch.stretches) {
    if (stretch.kind === 'commits') await projection.apply(stretch.records, sql);
    else await projection.applyUnreadable?.(stretch.record, sql);
  }
};
