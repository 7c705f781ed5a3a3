import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolClient } from 'pg';
import type { ReadModel } from './projection.ts';

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Two levels above both `src` and `dist` stands the folder that holds `prisma/`. */
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

const migrationsOf = async (readModel: Pick<ReadModel, 'service' | 'migrationsDir'>): Promise<readonly Migration[]> => {
  const dir = readModel.migrationsDir ?? join(REPOSITORY, 'prisma', readModel.service, 'migrations');
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (names.length === 0) throw new Error(`there are no migrations in ${dir}`);
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(join(dir, name, 'migration.sql'), 'utf8') })),
  );
};

/** As `prisma migrate deploy` writes it; it must find the swapped-in schema migrated, or it would refuse to go on. */
const PRISMA_MIGRATIONS_TABLE = `CREATE TABLE "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

/** Makes the service's tables in the schema that the client's search path names, and records it as Prisma does. */
export const migrate = async (
  client: PoolClient,
  readModel: Pick<ReadModel, 'service' | 'migrationsDir'>,
): Promise<void> => {
  const migrations = await migrationsOf(readModel);
  await client.query(PRISMA_MIGRATIONS_TABLE);
  for (const { name, sql } of migrations) {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, now(), $3, 1)`,
      [randomUUID(), createHash('sha256').update(sql).digest('hex'), name],
    );
  }
};
