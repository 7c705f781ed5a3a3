import {
  type Aggregate,
  aggregateIdSchema,
  type Drift,
  type DriftReport,
  type Refusal,
  tenantSchema,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { PoolClient } from 'pg';
import { driftLock, quoted, servingLock } from './batch-transaction.ts';
import { type Comparison, countRows, type DifferentRow, differentRows, driftOf } from './compare-rows.ts';
import { projectedTables, type Table } from './digest.ts';
import { exclusively, inSnapshot } from './exclusive-client.ts';
import type { RowAsOf } from './projection.ts';
import { exists, servingSeq, type ShadowOptions, ShadowTables, UnreadableLogError } from './shadow-tables.ts';

export interface DriftOptions extends ShadowOptions {
  readonly budget: { readonly ms: number; readonly commits?: number };
  /** Goes on where the report with this `nextCursor` ended. */
  readonly cursor?: string;
}
export type DriftCheck =
  { readonly kind: 'checked'; readonly report: DriftReport } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Rows of a table that are listed, and looked at one by one while the log is folded in part. */
const ROWS_MAX = 200;
const DRIFT_MAX = 500;
const READS_AT_ONCE = 16;

const driftSchemaOf = (schema: string): string => `${schema}_drift`;

interface TableDrift {
  readonly table: string;
  readonly rows: number;
  readonly drifted: number;
  readonly listed: readonly Drift[];
  readonly undecided: number;
}

/** Begins with empty tables, or goes on with those of the unfinished check that the cursor names. */
const openShadow = async (client: PoolClient, options: DriftOptions): Promise<ShadowTables | undefined> => {
  const name = driftSchemaOf(options.readModel.schema);
  if (options.cursor === undefined) {
    await ShadowTables.create(client, name, options);
    await client.query('RESET search_path');
    return ShadowTables.open(name, 0, options);
  }
  if (!(await exists(client, `${quoted(name)}.projection_checkpoint`))) return undefined;
  const { rows } = await client.query<{ seq: string; created: string }>(
    `SELECT seq, created FROM ${quoted(name)}.projection_checkpoint`,
  );
  const [held] = rows;
  if (!held || held.seq !== options.cursor) return undefined;
  const shadow = await ShadowTables.open(name, Number(held.seq), options);
  if (shadow.created === held.created) return shadow;
  await shadow.close();
  return undefined;
};

const checkLocked = async (client: PoolClient, options: DriftOptions): Promise<DriftCheck> => {
  const { service } = options.readModel;
  const shadow = await openShadow(client, options);
  if (!shadow) {
    const message = `no check of ${service} stands at ${options.cursor}; leave the cursor out to begin anew`;
    return { kind: 'refused', refusal: { code: 'TL0425', message } };
  }
  try {
    return { kind: 'checked', report: await foldAndCompare(client, options, shadow) };
  } catch (error) {
    await dropShadow(client, shadow);
    if (!(error instanceof UnreadableLogError)) throw error;
    const { code, seq } = error.record;
    return { kind: 'refused', refusal: { code, message: error.message, details: { seq } } };
  } finally {
    await shadow.close();
  }
};

const dropShadow = async (client: PoolClient, { name }: ShadowTables): Promise<void> => {
  await client.query(`ROLLBACK; DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`).catch(() => undefined);
};

const foldAndCompare = async (
  client: PoolClient,
  options: DriftOptions,
  shadow: ShadowTables,
): Promise<DriftReport> => {
  const { schema } = options.readModel;
  const { ms, commits = Number.POSITIVE_INFINITY } = options.budget;
  const target = await servingSeq(client, schema, shadow.created);
  const reached = await shadow.projectTo(target, { until: Date.now() + ms, commits });
  if (!reached) {
    const tables = await inSnapshot(options.pool, (snapshot) => compareSoFar(snapshot, options, shadow));
    return reportOf(options, shadow, { tables, servingSeq: target, complete: false });
  }
  const compared = await compareAtOnce(client, options, shadow);
  await dropShadow(client, shadow);
  return reportOf(options, shadow, { ...compared, complete: true });
};

/** No batch can commit while the last few commits are folded and the snapshot is taken: then every difference is one. */
const compareAtOnce = async (
  client: PoolClient,
  options: DriftOptions,
  shadow: ShadowTables,
): Promise<{ readonly tables: readonly TableDrift[]; readonly servingSeq: number }> => {
  const { schema } = options.readModel;
  await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${servingLock(schema)})`);
  const seq = await servingSeq(client, schema, shadow.created);
  await shadow.projectTo(seq);
  return inSnapshot(options.pool, async (snapshot) => {
    await client.query('COMMIT');
    return { tables: await compareTables(snapshot, options, shadow), servingSeq: seq };
  });
};

const compareTables = async (
  client: PoolClient,
  { readModel }: DriftOptions,
  { name }: ShadowTables,
): Promise<readonly TableDrift[]> => {
  const serving = new Map(
    (await projectedTables(client, readModel.schema, readModel)).map((table) => [table.name, table]),
  );
  const compared: TableDrift[] = [];
  for (const table of await projectedTables(client, name, readModel)) {
    compared.push(
      await compareTable(client, { serving: readModel.schema, folded: name, table }, serving.get(table.name)),
    );
  }
  return compared;
};

const compareTable = async (
  client: PoolClient,
  { table, ...schemas }: Pick<Comparison, 'serving' | 'folded' | 'table'>,
  held: Table | undefined,
): Promise<TableDrift> => {
  const rows = await countRows(client, schemas.folded, table.name);
  if (!held)
    return {
      table: table.name,
      rows,
      drifted: rows,
      listed: [{ table: table.name, key: {}, problem: 'missing_table' }],
      undecided: 0,
    };
  const columns = table.columns.filter((column) => held.columns.includes(column));
  const gone = table.columns.filter((column) => !held.columns.includes(column));
  const found = await differentRows(client, { ...schemas, table, columns, limit: ROWS_MAX, unexpected: 'all' });
  const listed = [
    ...gone.map((field): Drift => ({ table: table.name, key: {}, problem: 'missing_field', field })),
    ...found.rows.flatMap((row) => driftOf(table.name, columns, row)),
  ];
  return { table: table.name, rows, drifted: found.total + (gone.length > 0 ? rows : 0), listed, undecided: 0 };
};

/** Of the rows that were folded so far, those that no later commit can have changed. */
const compareSoFar = async (
  client: PoolClient,
  options: DriftOptions,
  shadow: ShadowTables,
): Promise<readonly TableDrift[]> => {
  const { readModel, log } = options;
  const serving = new Map(
    (await projectedTables(client, readModel.schema, readModel)).map((table) => [table.name, table]),
  );
  const compared: TableDrift[] = [];
  for (const table of await projectedTables(client, shadow.name, readModel)) {
    const asOf = readModel.rowsAsOf?.[table.name];
    const held = serving.get(table.name);
    const rows = await countRows(client, shadow.name, table.name);
    if (!asOf || !held) {
      compared.push({ table: table.name, rows, drifted: 0, listed: [], undecided: rows });
      continue;
    }
    const columns = table.columns.filter((column) => held.columns.includes(column));
    const found = await differentRows(client, {
      serving: readModel.schema,
      folded: shadow.name,
      table,
      columns,
      limit: ROWS_MAX,
      unexpected: 'seq' in asOf ? { column: asOf.seq, upTo: shadow.seq } : 'none',
    });
    const final = 'seq' in asOf ? found.rows : await finalRows(found.rows, columns, asOf, { log, seq: shadow.seq });
    compared.push({
      table: table.name,
      rows,
      drifted: final.length,
      listed: final.flatMap((row) => driftOf(table.name, columns, row)),
      undecided: found.total - final.length,
    });
  }
  return compared;
};

type OfAggregate = Extract<RowAsOf, { aggregate: Aggregate }>;

const finalRows = async (
  rows: readonly DifferentRow[],
  columns: readonly string[],
  asOf: OfAggregate,
  at: { readonly log: EventLog; readonly seq: number },
): Promise<readonly DifferentRow[]> => {
  const final: DifferentRow[] = [];
  for (let from = 0; from < rows.length; from += READS_AT_ONCE) {
    const some = rows.slice(from, from + READS_AT_ONCE);
    const isFinal = await Promise.all(some.map((row) => hasNoLaterCommit(row, columns, asOf, at)));
    final.push(...some.filter((_, i) => isFinal[i]));
  }
  return final;
};

const hasNoLaterCommit = async (
  { folded, stored }: DifferentRow,
  columns: readonly string[],
  { aggregate, id }: OfAggregate,
  { log, seq }: { readonly log: EventLog; readonly seq: number },
): Promise<boolean> => {
  const values = folded ?? stored ?? [];
  const tenant = tenantSchema.safeParse(values[columns.indexOf('tenant')]);
  const aggregateId = aggregateIdSchema.safeParse(values[columns.indexOf(id)]);
  if (!tenant.success || !aggregateId.success) return false;
  const read = await log.read({ tenant: tenant.data, aggregate, aggregateId: aggregateId.data }, { fromSeq: seq + 1 });
  return read.kind === 'commits' && read.commits.length === 0;
};

const reportOf = (
  { readModel }: DriftOptions,
  { seq, records }: ShadowTables,
  found: { readonly tables: readonly TableDrift[]; readonly servingSeq: number; readonly complete: boolean },
): DriftReport => {
  const drift = found.tables.flatMap(({ listed }) => listed);
  const rowsListed = (table: TableDrift): number => new Set(table.listed.map(({ key }) => JSON.stringify(key))).size;
  return {
    service: readModel.service,
    complete: found.complete,
    foldedSeq: seq,
    servingSeq: found.servingSeq,
    commits: records,
    tables: Object.fromEntries(found.tables.map(({ table, rows, drifted }) => [table, { rows, drifted }])),
    drift: drift.slice(0, DRIFT_MAX),
    truncated: drift.length > DRIFT_MAX || found.tables.some((table) => table.drifted > rowsListed(table)),
    undecided: found.tables.reduce((sum, { undecided }) => sum + undecided, 0),
    nextCursor: found.complete ? null : String(seq),
  };
};

/**
 * Folds the log again into tables beside the serving ones and names what differs. What a budget leaves undone can be gone on
 * with: the tables stay until a check is through, or another one begins. One at a time per schema.
 */
export const checkDrift = async (options: DriftOptions): Promise<DriftCheck> => {
  const { pool, readModel } = options;
  const checked = await exclusively(pool, driftLock(readModel.schema), (client) => checkLocked(client, options));
  if (checked) return checked;
  const message = `a drift check of ${readModel.service} is running already`;
  return { kind: 'refused', refusal: { code: 'TL0426', message } };
};
