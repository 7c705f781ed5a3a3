import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, LogAuthor, useServers } from '@throughline/testkit';
import type { DriftReport } from '@throughline/contracts';
import type { Pool } from 'pg';
import { checkDrift, type DriftOptions } from './drift.ts';
import { createPool } from './pool.ts';
import type { ReadModel } from './projection.ts';
import { type RunningProjection, startProjection } from './projection-runner.ts';

const servers = useServers();
const SCHEMA = 'orchestrator';
const MIGRATION = `
  CREATE TABLE "seen" ("tenant" TEXT NOT NULL, "id" TEXT NOT NULL, "version" INTEGER NOT NULL, "facts" JSON NOT NULL, CONSTRAINT "seen_pkey" PRIMARY KEY ("tenant", "id"));
  CREATE TABLE "total" ("name" TEXT NOT NULL, "commits" BIGINT NOT NULL, CONSTRAINT "total_pkey" PRIMARY KEY ("name"));
  CREATE TABLE "projection_checkpoint" ("name" TEXT NOT NULL, "stream" TEXT NOT NULL, "created" TEXT NOT NULL, "seq" BIGINT NOT NULL, CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name"));`;
const ONE_STEP = { StartAt: 'Work', States: { Work: { Type: 'Task', Resource: 'tl:task:default:work', End: true } } };

const readModelIn = (migrationsDir: string): ReadModel => ({
  service: 'orchestrator',
  schema: SCHEMA,
  migrationsDir,
  rowsAsOf: { seen: { aggregate: 'execution', id: 'id' } },
  createProjection: () => ({
    schema: SCHEMA,
    prepare: (batch) =>
      Promise.resolve(async (sql) => {
        for (const { commit } of batch.filter((record) => record.commit.aggregate === 'execution')) {
          const facts = JSON.stringify({ last: { events: commit.events.map(({ type }) => type) } });
          await sql.query(
            `INSERT INTO seen VALUES ($1, $2, $3, $4::json)
           ON CONFLICT (tenant, id) DO UPDATE SET version = excluded.version, facts = excluded.facts`,
            [commit.tenant, commit.aggregateId, commit.version, facts],
          );
        }
        await sql.query(
          `INSERT INTO total VALUES ('all', $1) ON CONFLICT (name) DO UPDATE SET commits = total.commits + excluded.commits`,
          [batch.length],
        );
      }),
  }),
});

let nc: NatsConnection;
let log: JetStreamEventLog;
let pool: Pool;
let readModel: ReadModel;
let runner: RunningProjection;

const check = async (more: Partial<DriftOptions> = {}): Promise<DriftReport> => {
  const checked = await checkDrift({ pool, nc, log, readModel, batchSize: 4, budget: { ms: 60_000 }, ...more });
  if (checked.kind === 'refused') throw new Error(JSON.stringify(checked.refusal));
  return checked.report;
};
const rowOf = (id: string) => ({ tenant: 'default', id });

/** Edits by hand; afterwards the tables are made anew, so that one test's damage is not another's. */
const damaged = async (sql: string): Promise<void> => {
  await pool.query(`SET search_path TO ${SCHEMA}; ${sql}; RESET search_path`);
};
const tables = async (): Promise<void> => {
  await runner?.stop();
  await pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA}`);
  await damaged(MIGRATION);
  runner = startProjection({ pool, nc, projection: readModel.createProjection(log) });
  await eventually('all is projected', async () => {
    const { rows } = await pool.query<{ commits: string }>(`SELECT commits FROM ${SCHEMA}.total`);
    return rows[0]?.commits === '13';
  });
};

beforeAll(async () => {
  nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
  await ensureStreams(nc);
  log = new JetStreamEventLog(nc);
  pool = createPool({ databaseUrl: servers.databaseUrl, name: 'spec', connectionsMax: 10 });
  const migrationsDir = join(servers.dir, 'migrations');
  mkdirSync(join(migrationsDir, '20260101000000_first'), { recursive: true });
  writeFileSync(join(migrationsDir, '20260101000000_first', 'migration.sql'), MIGRATION);
  readModel = readModelIn(migrationsDir);
  const author = new LogAuthor(log);
  await author.register('order', ONE_STEP);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const id of ids) await author.start('order', id);
  // The first ones end at once, in the log's order; the last one stays open.
  for (const id of ids) await author.complete(id, { ok: true });
}, 120_000);
beforeEach(tables);
afterAll(async () => {
  await runner?.stop();
  log.close();
  await pool.end();
  await nc.close();
});

describe('a drift check', () => {
  test('finds nothing in rows that follow from the log, and leaves nothing behind', async () => {
    expect(await check()).toEqual({
      service: 'orchestrator',
      complete: true,
      foldedSeq: 13,
      servingSeq: 13,
      commits: 13,
      tables: { seen: { rows: 6, drifted: 0 }, total: { rows: 1, drifted: 0 } },
      drift: [],
      truncated: false,
      undecided: 0,
      nextCursor: null,
    });
    const { rows } = await pool.query(`SELECT 1 FROM pg_namespace WHERE nspname LIKE '%drift%'`);
    expect(rows).toEqual([]);
  });

  test('names the row, the field, the place in its JSON, what is stored and what the log says', async () => {
    await damaged(`UPDATE seen SET version = 9 WHERE id = 'b';
                   UPDATE seen SET facts = '{"last":{"events":["StepSucceeded","Nothing"]}}' WHERE id = 'c'`);
    const report = await check();
    expect(report.drift).toEqual([
      { table: 'seen', key: rowOf('b'), problem: 'field', field: 'version', stored: '9', folded: '2' },
      {
        table: 'seen',
        key: rowOf('c'),
        problem: 'field',
        field: 'facts',
        pointer: '/last/events/1',
        stored: '"Nothing"',
        folded: '"StateExited"',
      },
    ]);
    expect(report.tables['seen']).toEqual({ rows: 6, drifted: 2 });
  });

  test('names rows that are missing and rows that nothing on the log made', async () => {
    await damaged(`DELETE FROM seen WHERE id = 'a'; INSERT INTO seen VALUES ('default', 'x', 1, '{}')`);
    expect((await check()).drift).toEqual([
      { table: 'seen', key: rowOf('a'), problem: 'missing' },
      { table: 'seen', key: rowOf('x'), problem: 'unexpected' },
    ]);
  });

  test('names a table and a column that are gone', async () => {
    await damaged(`ALTER TABLE seen DROP COLUMN facts; DROP TABLE total`);
    expect((await check()).drift).toEqual([
      { table: 'seen', key: {}, problem: 'missing_field', field: 'facts' },
      { table: 'total', key: {}, problem: 'missing_table' },
    ]);
  });

  test('stops at its budget, says how far it came, names what is certain by then, and goes on from there', async () => {
    await damaged(`UPDATE seen SET version = 9 WHERE id IN ('a', 'f')`);
    const first = await check({ budget: { ms: 60_000, commits: 10 } });
    // Folded are all starts and the ends of a, b and c; f has a commit to come.
    expect(first).toMatchObject({ complete: false, foldedSeq: 10, servingSeq: 13, commits: 10, nextCursor: '10' });
    expect(first.drift).toMatchObject([{ key: rowOf('a'), stored: '9', folded: '2' }]);
    expect(first.undecided).toBeGreaterThan(0);
    const second = await check({ cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ complete: true, commits: 3, undecided: 0, nextCursor: null });
    expect(second.drift.map(({ key }) => key['id'])).toEqual(['a', 'f']);
  });

  test('does not go on where no unfinished check stands', async () => {
    const options = { pool, nc, log, readModel, budget: { ms: 60_000 } };
    expect(await checkDrift({ ...options, cursor: '10' })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'TL0425' },
    });
    await check({ budget: { ms: 60_000, commits: 4 } });
    expect(await checkDrift({ ...options, cursor: '10' })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'TL0425' },
    });
  });

  test('runs once at a time', async () => {
    const options = { pool, nc, log, readModel, budget: { ms: 60_000 } };
    const both = await Promise.all([checkDrift(options), checkDrift(options)]);
    expect(both.filter(({ kind }) => kind === 'refused')).toMatchObject([{ refusal: { code: 'TL0426' } }]);
  });
});
