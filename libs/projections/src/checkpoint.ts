import type { Pool } from 'pg';
import { quoted } from './batch-transaction.ts';
import type { SqlTransaction } from './projection.ts';

/** How far the rows of a schema follow the log. `seq` 0 with an empty `created`: nothing projected yet. */
export interface Checkpoint {
  readonly stream: string;
  readonly created: string;
  readonly seq: number;
}

/** One projection per schema, so one row per table. */
const CHECKPOINT_NAME = 'log';

/** Another runner moved the checkpoint: this one's batch is rolled back and read again from where the other one is. */
export class CheckpointMovedError extends Error {
  override readonly name = 'CheckpointMovedError';
}

export const readCheckpoint = async (pool: Pool, schema: string): Promise<Checkpoint | undefined> => {
  const { rows } = await pool.query<{ stream: string; created: string; seq: string }>(
    `SELECT stream, created, seq FROM ${quoted(schema)}.projection_checkpoint WHERE name = $1`,
    [CHECKPOINT_NAME],
  );
  const row = rows[0];
  return row && { stream: row.stream, created: row.created, seq: Number(row.seq) };
};

/** First statement of a batch: its row lock makes a second runner wait here instead of writing the same rows. */
export const moveCheckpoint = async (sql: SqlTransaction, fromSeq: number, to: Checkpoint): Promise<void> => {
  const { rowCount } =
    fromSeq === 0
      ? await sql.query(
          `INSERT INTO projection_checkpoint (name, stream, created, seq) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO NOTHING`,
          [CHECKPOINT_NAME, to.stream, to.created, to.seq],
        )
      : await sql.query(
          `UPDATE projection_checkpoint SET seq = $4 WHERE name = $1 AND stream = $2 AND created = $3 AND seq = $5`,
          [CHECKPOINT_NAME, to.stream, to.created, to.seq, fromSeq],
        );
  if (rowCount !== 1) throw new CheckpointMovedError(`the checkpoint is no longer at ${fromSeq}`);
};
