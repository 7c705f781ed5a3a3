import { createHash, type Hash } from 'node:crypto';
import type { ReadModelDigest } from '@throughline/contracts';
import type { Pool, PoolClient } from 'pg';
import { quoted } from './batch-transaction.ts';
import { inSnapshot } from './exclusive-client.ts';
import type { ReadModel } from './projection.ts';
import { exists } from './shadow-tables.ts';

const ROWS_PER_FETCH = 2_000;
/** Characters. */
const HASHED_AT_ONCE = 1_000_000;
/** What says how rows came to be, rather than what they are. */
const BOOKKEEPING_TABLES = ['projection_checkpoint', '_prisma_migrations'];

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Empty where it has no primary key. */
  readonly key: readonly string[];
  /** ORDER BY terms: the primary key, or every column where there is none. */
  readonly order: readonly string[];
}

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly collatable: boolean;
  readonly key_position: number | null;
}

const tablesOf = async (client: PoolClient, schema: string): Promise<readonly Table[]> => {
  const { rows } = await client.query<ColumnRow>(
    `SELECT c.relname AS "table", a.attname AS "column", a.attcollation <> 0 AS collatable,
            array_position(i.indkey::int2[], a.attnum) AS key_position
       FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
      WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')
      ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"`,
    [quoted(schema)],
  );
  const byTable = new Map<string, ColumnRow[]>();
  for (const row of rows) byTable.set(row.table, [...(byTable.get(row.table) ?? []), row]);
  return [...byTable].map(([name, columns]) => {
    const key = columns
      .filter((column) => column.key_position !== null)
      .sort((a, b) => (a.key_position ?? 0) - (b.key_position ?? 0));
    const order = key.length > 0 ? key : columns.map((column) => ({ ...column, collatable: true }));
    return {
      name,
      columns: columns.map(({ column }) => column),
      key: key.map(({ column }) => column),
      order: order.map(
        ({ column, collatable }) =>
          // Without a key rows sort as text, since types such as json have no order.
          `${quoted(column)}${key.length > 0 ? '' : '::text'}${collatable ? ' COLLATE "C"' : ''}`,
      ),
    };
  });
};

/** Length first, so that no two different lists of values run into the same bytes. */
const spelled = (value: string | null | undefined): string =>
  value === null || value === undefined ? '-' : `${Buffer.byteLength(value)}:${value}`;

/** One column of many rows at once: a call of the hash costs more than the bytes of a value. */
const feedColumn = (hash: Hash, rows: readonly (readonly (string | null)[])[], column: number): void => {
  let text = '';
  for (const row of rows) {
    text += spelled(row[column]);
    if (text.length < HASHED_AT_ONCE) continue;
    hash.update(text);
    text = '';
  }
  hash.update(text);
};

const digestTable = async (
  client: PoolClient,
  schema: string,
  table: Table,
): Promise<ReadModelDigest['tables'][string]> => {
  const hashes = table.columns.map(() => createHash('sha256'));
  const selected = table.columns.map((column) => `${quoted(column)}::text`).join(', ');
  await client.query(
    `DECLARE digest_rows NO SCROLL CURSOR FOR
       SELECT ${selected} FROM ${quoted(schema)}.${quoted(table.name)} ORDER BY ${table.order.join(', ')}`,
  );
  let rows = 0;
  for (;;) {
    const fetched = await client.query<(string | null)[]>({
      text: `FETCH ${ROWS_PER_FETCH} FROM digest_rows`,
      rowMode: 'array',
    });
    hashes.forEach((hash, column) => feedColumn(hash, fetched.rows, column));
    rows += fetched.rows.length;
    if (fetched.rows.length < ROWS_PER_FETCH) break;
  }
  await client.query('CLOSE digest_rows');
  return {
    rows,
    columns: Object.fromEntries(table.columns.map((column, i) => [column, hashes[i]?.digest('hex') ?? ''])),
  };
};

/** What of a schema's tables is made from the log. */
export const projectedTables = async (
  client: PoolClient,
  schema: string,
  { tablesNotFromLog = [] }: Pick<ReadModel, 'tablesNotFromLog'>,
): Promise<readonly Table[]> => {
  const left = new Set([...BOOKKEEPING_TABLES, ...tablesNotFromLog]);
  return (await tablesOf(client, schema)).filter(({ name }) => !left.has(name));
};

/** Of the tables in `schema`, in the snapshot that the client reads; null where there is no checkpoint to say as of when. */
export const digestTables = async (
  client: PoolClient,
  schema: string,
  readModel: Pick<ReadModel, 'service' | 'tablesNotFromLog'>,
): Promise<ReadModelDigest | null> => {
  const checkpoints = `${quoted(schema)}.projection_checkpoint`;
  if (!(await exists(client, checkpoints))) return null;
  const tables: Record<string, ReadModelDigest['tables'][string]> = {};
  for (const table of await projectedTables(client, schema, readModel)) {
    tables[table.name] = await digestTable(client, schema, table);
  }
  const checkpoint = await client.query<{ seq: string | null }>(`SELECT max(seq) AS seq FROM ${checkpoints}`);
  return { service: readModel.service, seq: Number(checkpoint.rows[0]?.seq ?? 0), tables };
};

/** Says what the rows are, table by table and column by column, at one log sequence: equal digests mean equal rows. */
export const digestReadModel = async (
  pool: Pool,
  readModel: Pick<ReadModel, 'service' | 'schema' | 'tablesNotFromLog'>,
): Promise<ReadModelDigest> => {
  const digest = await inSnapshot(pool, (client) => digestTables(client, readModel.schema, readModel));
  if (!digest) throw new Error(`the tables of ${readModel.service} are not there`);
  return digest;
};
