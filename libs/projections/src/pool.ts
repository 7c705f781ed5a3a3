import type { Pool } from 'pg';
import pg from 'pg';

export interface PoolOptions {
  /** `DATABASE_URL`; a `?schema=` in it is Prisma's and ignored here. */
  readonly databaseUrl: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** A rebuild needs three besides the serving projection's one. */
  readonly connectionsMax?: number;
  readonly onIdleError?: (error: Error) => void;
}

export const createPool = (options: PoolOptions): Pool => {
  const url = new URL(options.databaseUrl);
  url.searchParams.delete('schema');
  const pool = new pg.Pool({
    connectionString: url.toString(),
    application_name: options.name,
    max: options.connectionsMax ?? 6,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // A transaction whose process hangs must not hold the checkpoint row against the process that replaces it.
    idle_in_transaction_session_timeout: 60_000,
  });
  // Without a listener an idle connection that Postgres closes would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  return pool;
};
