import type { Json, LockStatus, LockView } from '@throughline/contracts';
import type { LockState } from '@throughline/execution';
import { jsonColumn, type SqlTransaction, textColumn } from '@throughline/projections';

export interface LockRow {
  readonly tenant: string;
  readonly id: string;
  readonly asset: string;
  readonly status: LockStatus;
  readonly holder: LockView['holder'];
  readonly waiting: number;
  readonly updatedAt: string;
  readonly version: number;
  readonly seq: number;
}

const statusOf = ({ holder }: LockState): LockStatus => {
  if (!holder) return 'free';
  return holder.revoked ? 'releasing' : 'held';
};

const holderOf = ({ holder }: LockState): LockView['holder'] =>
  holder && {
    executionId: holder.execution,
    workflow: holder.workflow,
    state: holder.state,
    request: holder.request,
    fencingToken: holder.fencingToken,
    grantedAt: holder.grantedAt,
    leaseUntil: holder.leaseUntil,
  };

/** Undefined for a lock that nobody has ever asked for. */
export const lockRow = (state: LockState): LockRow | undefined => {
  const { ref, asset, lastAt } = state;
  if (asset === null || lastAt === null) return undefined;
  return {
    tenant: ref.tenant,
    id: ref.aggregateId,
    asset,
    status: statusOf(state),
    holder: holderOf(state),
    waiting: state.queue.size,
    updatedAt: lastAt,
    version: state.version,
    seq: state.seq,
  };
};

/** The last word on each; a row already there may only be replaced by a later one. */
export const upsertLocks = async (sql: SqlTransaction, rows: readonly LockRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO locks AS held (tenant, id, asset, status, holder, waiting, updated_at, version, seq)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[], $6::int[], $7::text[], $8::int[],
       $9::bigint[])
     ON CONFLICT (tenant, id) DO UPDATE SET
       status = excluded.status, holder = excluded.holder, waiting = excluded.waiting,
       updated_at = excluded.updated_at, version = excluded.version, seq = excluded.seq
     WHERE held.version < excluded.version`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.id),
      rows.map((row) => textColumn(row.asset)),
      rows.map((row) => row.status),
      // A holder holds JSON only.
      rows.map((row) => (row.holder === null ? null : jsonColumn(row.holder as unknown as Json))),
      rows.map((row) => row.waiting),
      rows.map((row) => row.updatedAt),
      rows.map((row) => row.version),
      rows.map((row) => row.seq),
    ],
  );
};
