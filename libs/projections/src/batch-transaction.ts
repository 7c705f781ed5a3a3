import type { Pool, PoolClient } from 'pg';
import type { SqlResult, SqlTransaction } from './projection.ts';

const STATEMENT_TIMEOUT_MS = 60_000;
/** A process that is stopped in the middle must not hold the checkpoint's row against the one that takes over. */
const IDLE_TIMEOUT_MS = 10_000;

export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Held shared by every batch and exclusively by the swap of a rebuild, so that no batch spans two generations of tables. */
export const servingLock = (schema: string): string =>
  `hashtextextended(${literal(`throughline.serving.${schema}`)}, 0)`;
export const driftLock = (schema: string): string => `hashtextextended(${literal(`throughline.drift.${schema}`)}, 0)`;
export const rebuildLock = (schema: string): string =>
  `hashtextextended(${literal(`throughline.rebuild.${schema}`)}, 0)`;

/** Postgres text cannot hold U+0000, JSON strings can: without this, one such cause text would stop a projection for ever. */
const storable = (value: unknown): unknown => {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  return Array.isArray(value) ? value.map(storable) : value;
};

/** A projection has a handful of statements and runs them ten times a second: prepared, Postgres parses and plans each once. */
const STATEMENTS_MAX = 64;
const statementNames = new Map<string, string>();
const statementName = (text: string): string | undefined => {
  const known = statementNames.get(text);
  if (known !== undefined || statementNames.size >= STATEMENTS_MAX) return known;
  const name = `batch-${statementNames.size}`;
  statementNames.set(text, name);
  return name;
};

const sqlOf = (client: PoolClient): SqlTransaction => ({
  query: async <R extends object>(text: string, values: readonly unknown[] = []): Promise<SqlResult<R>> => {
    const result = await client.query<R>({ name: statementName(text), text, values: values.map(storable) });
    return { rows: result.rows, rowCount: result.rowCount };
  },
});

/** One transaction with the schema as search path. Rolls back on a throw; the client is discarded where even that fails. */
export const inBatchTransaction = async (
  pool: Pool,
  schema: string,
  run: (sql: SqlTransaction) => Promise<void>,
): Promise<void> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies while it is checked out emits here as well as failing the query.
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    // Not waiting for Postgres's own fsync: rows and checkpoint commit together, so what a crash of Postgres takes back is
    // projected again from the older checkpoint. The log alone is what must not lose anything.
    await client.query(
      `BEGIN; SET LOCAL synchronous_commit TO off; SET LOCAL search_path TO ${quoted(schema)}; SET LOCAL statement_timeout TO ${STATEMENT_TIMEOUT_MS}; SET LOCAL idle_in_transaction_session_timeout TO ${IDLE_TIMEOUT_MS}; SET LOCAL enable_seqscan TO off;` +
        `SELECT pg_advisory_xact_lock_shared(${servingLock(schema)})`,
    );
    await run(sqlOf(client));
    const { command } = await client.query('COMMIT');
    // A failed statement whose error was swallowed makes COMMIT roll back without an error of its own.
    if (command !== 'COMMIT') throw new Error(`the batch's transaction ended with ${command}`);
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => void (broken = cause));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
};
