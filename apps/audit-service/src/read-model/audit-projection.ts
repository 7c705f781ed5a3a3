import {
  jsonColumn,
  type ProjectedRecord,
  type ReadModel,
  schemaOf,
  type SqlTransaction,
} from '@throughline/projections';
import { CHAIN_START, type ChainEnd, type LedgerRow, ledgerRow } from '../ledger/ledger-row.ts';
import { type GraphChange, graphChanges, type GraphNode } from '../lineage/graph-node.ts';

interface HeadRow {
  readonly tenant: string;
  /** bigint comes as text. */
  readonly n: string;
  readonly hash: string;
}

/** Chains go on from their recorded heads, not from their last rows: a tail that somebody cut off stays a gap. */
const chainEnds = async (sql: SqlTransaction, tenants: readonly string[]): Promise<Map<string, ChainEnd>> => {
  const { rows } = await sql.query<HeadRow>('SELECT tenant, n, hash FROM chain_heads WHERE tenant = ANY($1::text[])', [
    tenants,
  ]);
  return new Map(rows.map(({ tenant, n, hash }) => [tenant, { n: Number(n), hash }]));
};

const appendToLedger = async (sql: SqlTransaction, batch: readonly ProjectedRecord[]): Promise<void> => {
  const tenants = [...new Set(batch.map(({ commit }) => commit.tenant as string))];
  const ends = await chainEnds(sql, tenants);
  const heads = new Map<string, LedgerRow>();
  const rows = batch.map((record) => {
    const { tenant } = record.commit;
    const row = ledgerRow(ends.get(tenant) ?? CHAIN_START, record);
    ends.set(tenant, row);
    heads.set(tenant, row);
    return row;
  });
  await insertRows(sql, rows);
  await moveHeads(sql, [...heads.values()]);
};

/** No ON CONFLICT: a row that is there already means that the chain forked, and that must stop the projection. */
const insertRows = async (sql: SqlTransaction, rows: readonly LedgerRow[]): Promise<void> => {
  await sql.query(
    `INSERT INTO ledger (tenant, n, seq, aggregate, aggregate_id, version, at, actors, commands, events, correlation_id,
       commit_hash, previous_hash, hash)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::text[], $8::json[],
       $9::json[], $10::json[], $11::text[], $12::text[], $13::text[], $14::text[])`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.n),
      rows.map((row) => row.seq),
      rows.map((row) => row.aggregate),
      rows.map((row) => row.aggregateId),
      rows.map((row) => row.version),
      rows.map((row) => row.at),
      rows.map((row) => jsonColumn(row.actors)),
      rows.map((row) => jsonColumn(row.commands)),
      rows.map((row) => jsonColumn(row.events)),
      rows.map((row) => row.correlationId),
      rows.map((row) => row.commitHash),
      rows.map((row) => row.previousHash),
      rows.map((row) => row.hash),
    ],
  );
};

const moveHeads = async (sql: SqlTransaction, heads: readonly LedgerRow[]): Promise<void> => {
  await sql.query(
    `INSERT INTO chain_heads (tenant, n, seq, hash)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
     ON CONFLICT (tenant) DO UPDATE SET n = excluded.n, seq = excluded.seq, hash = excluded.hash`,
    [
      heads.map((row) => row.tenant),
      heads.map((row) => row.n),
      heads.map((row) => row.seq),
      heads.map((row) => row.hash),
    ],
  );
};

const insertNodes = async (
  sql: SqlTransaction,
  tenants: readonly string[],
  nodes: readonly GraphNode[],
): Promise<void> => {
  await sql.query(
    `INSERT INTO execution_graph (tenant, id, parent_execution_id, root_execution_id, correlation_id, trigger, workflow,
       status, started_at, trace_id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::text[])`,
    [
      tenants,
      nodes.map((node) => node.id),
      nodes.map((node) => node.parentExecutionId),
      nodes.map((node) => node.rootExecutionId),
      nodes.map((node) => node.correlationId),
      nodes.map((node) => node.trigger),
      nodes.map((node) => node.workflow),
      nodes.map((node) => node.status),
      nodes.map((node) => node.startedAt),
      nodes.map((node) => node.traceId),
    ],
  );
};

const updateGraph = async (sql: SqlTransaction, changes: readonly GraphChange[]): Promise<void> => {
  const started = changes.filter((change) => change.kind === 'started');
  if (started.length > 0) {
    await insertNodes(
      sql,
      started.map(({ tenant }) => tenant),
      started.map(({ node }) => node),
    );
  }
  // An execution may end more than once in a batch; only its last status counts, and UPDATE … FROM picks any.
  const last = new Map<string, Extract<GraphChange, { kind: 'ended' }>>();
  for (const change of changes) if (change.kind === 'ended') last.set(`${change.tenant}.${change.id}`, change);
  const ended = [...last.values()];
  if (ended.length === 0) return;
  await sql.query(
    `UPDATE execution_graph AS held SET status = ended.status, ended_at = ended.at
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS ended (tenant, id, status, at)
     WHERE held.tenant = ended.tenant AND held.id = ended.id`,
    [
      ended.map(({ tenant }) => tenant),
      ended.map(({ id }) => id),
      ended.map(({ status }) => status),
      ended.map(({ at }) => at),
    ],
  );
};

export const auditReadModel: ReadModel = {
  service: 'audit-service',
  schema: schemaOf('audit-service'),
  // The heads of the chains move with every commit.
  rowsAsOf: { ledger: { seq: 'seq' }, execution_graph: { aggregate: 'execution', id: 'id' } },
  createProjection: () => ({
    schema: schemaOf('audit-service'),
    prepare: (batch) => {
      const changes = batch.flatMap(({ commit }) => graphChanges(commit));
      return Promise.resolve(async (sql) => {
        // A row's hash takes in the one before it, so the ledger's are made where the last one is known.
        await appendToLedger(sql, batch);
        await updateGraph(sql, changes);
      });
    },
  }),
};
