import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractingStatements } from './migrations.mjs';

const PRISMA = fileURLToPath(new URL('../prisma', import.meta.url));

const migrations = readdirSync(PRISMA, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('migration.sql'))
  .map((path) => [path, readFileSync(join(PRISMA, path), 'utf8')] as const);

/** From before the first release: no version before it was running anywhere. */
const BEFORE_RELEASES = ['replay-service/migrations/20261121230000_sessions/migration.sql'];

describe('migrations', () => {
  it.each(migrations.filter(([path]) => !BEFORE_RELEASES.includes(path)))(
    '%s takes nothing away that the version before it still uses',
    (_path, sql) => {
      expect(contractingStatements(sql)).toEqual([]);
    },
  );

  it('are all looked at', () => {
    expect(migrations.length).toBeGreaterThan(10);
  });
});

describe('the check of migrations', () => {
  it.each([
    ['a table that is dropped', 'DROP TABLE "executions";'],
    ['a column that is dropped', 'ALTER TABLE "executions" DROP COLUMN "status";'],
    ['a column that is dropped among others', 'ALTER TABLE "e" ADD COLUMN "a" TEXT,\n  DROP COLUMN "b";'],
    ['a column that gets another name', 'alter table "executions" rename column "a" to "b";'],
    ['a table that gets another name', 'ALTER TABLE "executions" RENAME TO "runs";'],
    ['a column that gets another type', 'ALTER TABLE "executions" ALTER COLUMN "a" TYPE INTEGER;'],
    ['a column that must be there from now on', 'ALTER TABLE "executions" ALTER COLUMN "a" SET NOT NULL;'],
    ['a new column without which old writers fail', 'ALTER TABLE "executions" ADD COLUMN "a" TEXT NOT NULL;'],
    ['a constraint that old rows or writers may break', 'ALTER TABLE "e" ADD CONSTRAINT "c" CHECK (a > 0);'],
    ['a unique index on a table that is there', 'CREATE UNIQUE INDEX "i" ON "executions"("a");'],
    ['a view that is dropped', 'DROP VIEW v;'],
    ['rows that are deleted', 'TRUNCATE "executions"; DELETE FROM "steps";'],
  ])('finds %s', (_what, sql) => {
    expect(contractingStatements(sql).length).toBeGreaterThan(0);
  });

  it.each([
    [
      'new tables with whatever they need',
      'CREATE TABLE "a" ("b" TEXT NOT NULL);\nCREATE UNIQUE INDEX "i" ON "a"("b");',
    ],
    ['a column that may be missing', 'ALTER TABLE "executions" ADD COLUMN "a" TEXT;'],
    ['a column with a value of its own', `ALTER TABLE "executions" ADD COLUMN "a" JSON NOT NULL DEFAULT '{}';`],
    ['an index', 'CREATE INDEX "i" ON "executions"("a");'],
    ['what comments and texts say', `-- DROP TABLE x;\nCREATE INDEX "i" ON "e"("a") WHERE a = 'DROP TABLE x';`],
    [
      'a contraction that names the release since which nothing uses it',
      '-- contracts: unused since 0.9\nDROP TABLE "old";',
    ],
  ])('lets %s pass', (_what, sql) => {
    expect(contractingStatements(sql)).toEqual([]);
  });
});
