import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceName } from '@throughline/contracts';
import pg from 'pg';
import { CHECKOUT } from './checkout.ts';

export interface Migration {
  readonly service: ServiceName;
  readonly databaseUrl: string;
}

/** No questions, no colours, no calls home. */
const QUIET_PRISMA = { CI: 'true', NO_COLOR: '1', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
const MIGRATE_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** The Postgres schema of a service. */
export const schemaOf = (service: ServiceName): string => service.replaceAll('-', '_');

/** Brings one service's schema up to date by `prisma migrate deploy`; returns at once where nothing is to do. */
export async function migrate({ service, databaseUrl }: Migration): Promise<void> {
  if (await isUpToDate({ service, databaseUrl })) return;
  const prisma = join(CHECKOUT, 'node_modules', 'prisma', 'build', 'index.js');
  try {
    await run(process.execPath, [prisma, 'migrate', 'deploy'], {
      cwd: CHECKOUT,
      env: { ...process.env, DATABASE_URL: databaseUrl, THROUGHLINE_SERVICE: service, ...QUIET_PRISMA },
      timeout: MIGRATE_TIMEOUT_MS,
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }; // execFile's shape
    throw new Error(`The tables of ${service} could not be migrated:\n${`${stdout}\n${stderr}`.trim() || message}`);
  }
}

/** Starting Prisma takes seconds, looking into its own table milliseconds. */
async function isUpToDate({ service, databaseUrl }: Migration): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const table = `${client.escapeIdentifier(schemaOf(service))}._prisma_migrations`;
    const there = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
    if (there.rows[0]?.there !== true) return false;
    const applied = await client.query<{ migration_name: string; checksum: string }>(
      `select migration_name, checksum from ${table} where finished_at is not null and rolled_back_at is null`,
    );
    const checksums = new Map(applied.rows.map((row) => [row.migration_name, row.checksum]));
    return migrationsOf(service).every(({ name, sha256 }) => checksums.get(name) === sha256);
  } finally {
    await client.end();
  }
}

function migrationsOf(service: ServiceName): { name: string; sha256: string }[] {
  const folder = join(CHECKOUT, 'prisma', service, 'migrations');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'migration.sql')))
    .map(({ name }) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'));
      return { name, sha256: createHash('sha256').update(sql).digest('hex') };
    });
}
