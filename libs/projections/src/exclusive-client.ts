import type { Pool, PoolClient } from 'pg';

/** A connection that is discarded where it breaks, rather than given back. */
const withClient = async <T>(
  pool: Pool,
  run: (client: PoolClient, discard: (error: Error) => void) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  const discard = (error: Error): void => void (broken = error);
  // A connection that dies while it is checked out emits here as well as failing the query.
  client.on('error', discard);
  try {
    return await run(client, discard);
  } finally {
    client.off('error', discard);
    client.release(broken);
  }
};

/** Runs while this process alone holds the advisory lock; undefined where another one holds it. */
export const exclusively = <T>(
  pool: Pool,
  lock: string,
  run: (client: PoolClient) => Promise<T>,
): Promise<T | undefined> =>
  withClient(pool, async (client, discard) => {
    const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lock}) AS locked`);
    if (rows[0]?.locked !== true) return undefined;
    try {
      return await run(client);
    } finally {
      // The lock ends with its session too.
      await client.query(`RESET search_path; SELECT pg_advisory_unlock(${lock})`).catch(discard);
    }
  });

/** Digests and comparisons sort whole tables; with Postgres's own 4 MB that goes over the disk in many passes. */
const SORT_MEMORY = '64MB';

/** One snapshot for everything that `run` reads, and text forms of values that do not depend on the server's settings. */
export const inSnapshot = <T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> =>
  withClient(pool, async (client, discard) => {
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO, YMD';
       SET LOCAL bytea_output TO 'hex'; SET LOCAL extra_float_digits TO 1; SET LOCAL intervalstyle TO 'iso_8601'; SET LOCAL work_mem TO '${SORT_MEMORY}';
       SELECT pg_current_snapshot()`,
    );
    try {
      const result = await run(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(discard);
      throw error;
    }
  });
