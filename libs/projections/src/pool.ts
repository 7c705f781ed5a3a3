import type { Pool } from 'pg';

export interface PoolOptions {
  /** `DATABASE_URL`; a `?schema=` in it is ignored here. */
  readonly databaseUrl: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly connectionsMax?: number;
}
export declare const createPool: (options: PoolOptions) => Pool;
