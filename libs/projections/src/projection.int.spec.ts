import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  aggregateIdSchema,
  type AggregateRef,
  commandIdSchema,
  COMMIT_VERSIONS,
  type CommitDraft,
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  logSubject,
  type ReadModelDigest,
  type RebuildReport,
  tenantSchema,
} from '@throughline/contracts';
import {
  connectNats,
  createPublisher,
  ensureStreams,
  JetStreamEventLog,
  logPosition,
  type NatsConnection,
} from '@throughline/event-log/jetstream';
import { eventually, useServers } from '@throughline/testkit';
import type { Pool } from 'pg';
import { digestReadModel } from './digest.ts';
import { createPool } from './pool.ts';
import type { ProjectedRecord, Projection, ReadModel, SqlTransaction, WriteRows } from './projection.ts';
import { type ProjectionStatus, type RunningProjection, startProjection } from './projection-runner.ts';
import { rebuildReadModel } from './rebuild.ts';

const servers = useServers();
const SCHEMA = 'orchestrator';
const TENANT = tenantSchema.parse('default');

/** Counts commits rather than setting a number, so that a batch applied twice shows. */
const MIGRATION = `
  CREATE TABLE "tallies" ("id" TEXT NOT NULL, "commits" INTEGER NOT NULL, "last" JSON, "times" TEXT[], CONSTRAINT "tallies_pkey" PRIMARY KEY ("id"));
  CREATE TABLE "lines" ("n" BIGINT NOT NULL, "text" TEXT, CONSTRAINT "lines_pkey" PRIMARY KEY ("n"));
  CREATE TABLE "projection_checkpoint" ("name" TEXT NOT NULL, "stream" TEXT NOT NULL, "created" TEXT NOT NULL, "seq" BIGINT NOT NULL, CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name"));`;

class Tally implements Projection {
  readonly schema = SCHEMA;
  prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
    return Promise.resolve((sql) => this.write(batch, sql));
  }

  protected async write(batch: readonly ProjectedRecord[], sql: SqlTransaction): Promise<void> {
    const counts = new Map<string, { n: number; last: string }>();
    for (const { commit } of batch) {
      const n = (counts.get(commit.aggregateId)?.n ?? 0) + 1;
      counts.set(commit.aggregateId, { n, last: JSON.stringify({ version: commit.version, tooth: 'a\0b' }) });
    }
    const rows = [...counts];
    await sql.query(
      `INSERT INTO tallies (id, commits, last, times)
       SELECT id, n, last::json, ARRAY[text] FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) AS new (id, n, last, text)
       ON CONFLICT (id) DO UPDATE SET commits = tallies.commits + excluded.commits, last = excluded.last`,
      [
        rows.map(([id]) => id),
        rows.map(([, { n }]) => n),
        rows.map(([, { last }]) => last),
        // What Postgres text cannot hold.
        rows.map(([id]) => `${id}\0`),
      ],
    );
  }
}

let nc: NatsConnection;
let log: JetStreamEventLog;
let pool: Pool;
let readModel: ReadModel;
const running: RunningProjection[] = [];
const start = (projection: Projection, batchSize = 50): RunningProjection => {
  const runner = startProjection({ pool, nc, projection, batchSize });
  running.push(runner);
  return runner;
};

const refOf = (id: string): AggregateRef => ({
  tenant: TENANT,
  aggregate: 'workflow',
  aggregateId: aggregateIdSchema.parse(id),
});

const draft = (id: string, version: number, prevSeq: number): CommitDraft => ({
  v: 1,
  id: commandIdSchema.parse(`${id}-${version}`),
  tenant: TENANT,
  aggregate: 'workflow',
  aggregateId: aggregateIdSchema.parse(id),
  version,
  prevSeq,
  rules: 1,
  correlationId: correlationIdSchema.parse(id),
  commands: [
    {
      id: commandIdSchema.parse(`c-${id}-${version}`),
      at: instantSchema.parse('2026-01-31T12:00:00.000Z'),
      actor: { kind: 'user', id: 'spec' },
      seed: '0'.repeat(32),
      type: 'RegisterWorkflow',
      body: { name: id, definition: { version } },
      events: 1,
    },
  ],
  events: [{ type: 'WorkflowRegistered', version, hash: 'a'.repeat(64) }],
});

/** Appends `versions` commits to each of `ids`; returns the last sequence. */
const append = async (ids: readonly string[], versions: number): Promise<number> => {
  const heads = new Map(ids.map((id) => [id, 0]));
  for (let version = 1; version <= versions; version += 1) {
    const outcomes = await log.append(ids.map((id) => draft(id, version, heads.get(id) ?? 0)));
    outcomes.forEach((outcome, i) => {
      if (outcome.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(outcome)}`);
      heads.set(ids[i] ?? '', outcome.seq);
    });
  }
  return (await logPosition(nc)).lastSeq;
};

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const tables = async (): Promise<void> => {
  await pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA}`);
  await pool.query(`SET search_path TO ${SCHEMA}; ${MIGRATION}; RESET search_path`);
};

/** Commits counted over all rows: equal to the log's length when each was applied exactly once. */
const counted = async (): Promise<number> => {
  const { rows } = await pool.query<{ sum: string }>(`SELECT coalesce(sum(commits), 0) AS sum FROM ${SCHEMA}.tallies`);
  return Number(rows[0]?.sum);
};

const stateOf = (runner: RunningProjection): ProjectionStatus['state'] => runner.status().state;

beforeAll(async () => {
  nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
  await ensureStreams(nc);
  log = new JetStreamEventLog(nc);
  pool = createPool({ databaseUrl: servers.databaseUrl, name: 'spec', connectionsMax: 10 });
  const migrationsDir = join(servers.dir, 'migrations');
  mkdirSync(join(migrationsDir, '20260101000000_first'), { recursive: true });
  writeFileSync(join(migrationsDir, '20260101000000_first', 'migration.sql'), MIGRATION);
  readModel = {
    service: 'orchestrator',
    schema: SCHEMA,
    migrationsDir,
    tablesNotFromLog: ['lines'],
    createProjection: () => new Tally(),
  };
}, 120_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()));
});
afterAll(async () => {
  log.close();
  await pool.end();
  await nc.close();
});

describe('a projection of one aggregate', () => {
  beforeEach(tables);

  /** What it asks for is what it gets: a commit of another aggregate would be counted too. */
  class ReplayTally extends Tally {
    readonly aggregate = 'replay' as const;
  }
  const replayDraft = (id: string): CommitDraft => ({
    ...draft(id, 1, 0),
    v: COMMIT_VERSIONS.replay,
    aggregate: 'replay',
    commands: [
      {
        id: commandIdSchema.parse(`c-${id}`),
        at: instantSchema.parse('2026-01-31T12:00:00.000Z'),
        actor: { kind: 'system', id: 'spec' },
        seed: '0'.repeat(32),
        type: 'RecordReplay',
        body: {
          request: { scope: 'execution', executionId: executionIdSchema.parse(id), kind: 'verify', mode: 'full' },
          result: { verdict: 'identical', commits: 1, events: 1, matchPercent: 100 },
        },
        events: 1,
      },
    ],
    events: [{ type: 'ReplayCompleted', verdict: 'identical' }],
  });

  test('reads nothing else, is not behind for what it does not read, and is rebuilt to the same rows', async () => {
    const runner = start(new ReplayTally());
    await append(names('before', 5), 2);
    const [outcome] = await log.append([replayDraft('replayed')]);
    if (outcome?.kind !== 'appended') throw new Error('not appended');
    await append(names('behind', 5), 2);
    expect(await runner.caughtUpTo(outcome.seq, 10_000)).toBe(true);
    expect(await counted()).toBe(1);
    await eventually('the lag is gone', () => runner.status().lag === 0);
    const served = await digestReadModel(pool, readModel);
    const model = { ...readModel, createProjection: () => new ReplayTally() };
    const rebuilt = await rebuildReadModel({ pool, nc, log, readModel: model, batchSize: 7 });
    expect(rebuilt).toMatchObject({ kind: 'rebuilt', records: 1, report: { after: served } });
  });
});

describe('a running projection', () => {
  beforeEach(tables);

  test('rows and checkpoint move together, and the next runner goes on where the last one stopped', async () => {
    const first = start(new Tally());
    const mid = await append(names('a', 20), 6);
    expect(await first.caughtUpTo(mid, 10_000)).toBe(true);
    await first.stop();
    expect(first.status()).toMatchObject({ state: { kind: 'stopped' }, seq: mid, lag: 0 });
    const end = await append(names('b', 20), 6);
    const second = start(new Tally());
    expect(await second.caughtUpTo(end, 10_000)).toBe(true);
    expect(second.status().records).toBe(120);
    expect(await counted()).toBe(end);
  });

  test('text that Postgres cannot hold is stored without its zero bytes, JSON is stored as it is', async () => {
    const runner = start(new Tally());
    await runner.caughtUpTo((await logPosition(nc)).lastSeq, 10_000);
    const { rows } = await pool.query<{ times: string[]; last: string }>(
      `SELECT times, last::text FROM ${SCHEMA}.tallies WHERE id = 'a0'`,
    );
    expect(rows).toEqual([{ times: ['a0\uFFFD'], last: '{"version":6,"tooth":"a\\u0000b"}' }]);
  });

  test('two runners of one schema count every commit once', async () => {
    const [one, other] = [start(new Tally(), 7), start(new Tally(), 11)];
    const end = await append(names('c', 30), 4);
    await eventually('both runners are at the end', () => one.status().seq >= end && other.status().seq >= end);
    expect(await counted()).toBe(end);
    expect(one.status().failures + other.status().failures).toBeGreaterThan(0);
  });

  test('a batch that is killed after its writes is applied once', async () => {
    let kills = 3;
    class Killed extends Tally {
      override async write(batch: readonly ProjectedRecord[], sql: SqlTransaction): Promise<void> {
        await super.write(batch, sql);
        if (kills-- > 0) await sql.query('SELECT pg_terminate_backend(pg_backend_pid())');
      }
    }
    const runner = start(new Killed(), 40);
    const end = await append(names('d', 10), 2);
    expect(await runner.caughtUpTo(end, 20_000)).toBe(true);
    expect(runner.status().failures).toBe(3);
    expect(await counted()).toBe(end);
  });

  test('no transaction is open while rows are made, however long the log lets them wait', async () => {
    const open: number[] = [];
    class Watching extends Tally {
      override async prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
        const { rows } = await pool.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'spec' AND state = 'idle in transaction'`,
        );
        open.push(rows[0]?.n ?? -1);
        return super.prepare(batch);
      }
    }
    const runner = start(new Watching());
    const end = await append(names('w', 5), 1);
    expect(await runner.caughtUpTo(end, 10_000)).toBe(true);
    expect(new Set(open)).toEqual(new Set([0]));
  });

  test('outages that follow each other faster than a full batch takes do not hold the projection up', async () => {
    const sizes: number[] = [];
    class BrokenWhenLarge extends Tally {
      override prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
        sizes.push(batch.length);
        return batch.length > 60 ? Promise.reject(new Error('timeout')) : super.prepare(batch);
      }
    }
    const end = await append(names('many', 50), 5);
    const runner = start(new BrokenWhenLarge(), 200);
    expect(await runner.caughtUpTo(end, 15_000)).toBe(true);
    expect(Math.max(...sizes)).toBeGreaterThan(60);
    expect(await counted()).toBe(end);
  });

  test('whoever goes on from a checkpoint that is not its own follows a stretch of the log up to it, and writes none of it', async () => {
    let failOnce = false;
    const followed: number[] = [];
    const prepared: number[] = [];
    class Follows extends Tally {
      follow(records: readonly ProjectedRecord[]): void {
        followed.push(...records.map(({ seq }) => seq));
      }
      override prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
        if (failOnce) {
          failOnce = false;
          return Promise.reject(new Error('timeout'));
        }
        prepared.push(...batch.map(({ seq }) => seq));
        return super.prepare(batch);
      }
    }
    const mid = await append(names('followed', 10), 3);
    const before = start(new Tally());
    expect(await before.caughtUpTo(mid, 10_000)).toBe(true);
    await before.stop();
    const end = await append(names('after', 10), 2);
    const runner = start(new Follows(), 20);
    expect(await runner.caughtUpTo(end, 10_000)).toBe(true);
    expect(followed.at(-1)).toBe(mid);
    expect(followed.length).toBeGreaterThanOrEqual(30);
    expect(prepared[0]).toBe(mid + 1);
    // Its own checkpoint needs none of it.
    const times = followed.length;
    failOnce = true;
    const later = await append(names('later', 5), 1);
    expect(await runner.caughtUpTo(later, 10_000)).toBe(true);
    expect(runner.status().failures).toBe(1);
    expect(followed.length).toBe(times);
    expect(await counted()).toBe(later);
  });

  test('a swallowed SQL error does not pass for a committed batch', async () => {
    let errors = 1;
    class Swallowing extends Tally {
      override async write(batch: readonly ProjectedRecord[], sql: SqlTransaction): Promise<void> {
        if (errors-- > 0) await sql.query('SELECT nonsense').catch(() => undefined);
        else await super.write(batch, sql);
      }
    }
    const runner = start(new Swallowing(), 1_000);
    const end = (await logPosition(nc)).lastSeq;
    expect(await runner.caughtUpTo(end, 10_000)).toBe(true);
    expect(runner.status().failures).toBe(1);
    expect(await counted()).toBe(end);
  });

  test('a missing table is waited for, with the reason, and the process lives on', async () => {
    const runner = start(new Tally());
    await runner.caughtUpTo((await logPosition(nc)).lastSeq, 10_000);
    await pool.query(`ALTER TABLE ${SCHEMA}.tallies RENAME TO elsewhere`);
    const end = await append(names('e', 5), 2);
    await eventually('the runner backs off', () => stateOf(runner).kind === 'backing-off');
    expect(stateOf(runner)).toMatchObject({ problem: expect.stringContaining('"tallies" does not exist') as string });
    expect(runner.status().lag).toBeGreaterThan(0);
    await pool.query(`ALTER TABLE ${SCHEMA}.elsewhere RENAME TO tallies`);
    expect(await runner.caughtUpTo(end, 10_000)).toBe(true);
    expect(stateOf(runner)).toEqual({ kind: 'running' });
    expect(await counted()).toBe(end);
  });

  test('rows that Postgres lost in a crash come back although nothing more is committed', async () => {
    const mid = await append(names('lost', 5), 1);
    const runner = start(new Tally());
    expect(await runner.caughtUpTo(mid, 10_000)).toBe(true);
    await pool.query(`CREATE TABLE ${SCHEMA}.old AS SELECT * FROM ${SCHEMA}.tallies;
                      CREATE TABLE ${SCHEMA}.old_checkpoint AS SELECT * FROM ${SCHEMA}.projection_checkpoint`);
    const end = await append(names('late', 5), 1);
    expect(await runner.caughtUpTo(end, 10_000)).toBe(true);
    // As after a crash: rows and checkpoint are those of an earlier moment.
    await pool.query(`BEGIN; DELETE FROM ${SCHEMA}.tallies; INSERT INTO ${SCHEMA}.tallies SELECT * FROM ${SCHEMA}.old;
                      UPDATE ${SCHEMA}.projection_checkpoint SET seq = (SELECT seq FROM ${SCHEMA}.old_checkpoint); COMMIT`);
    expect(await counted()).toBe(mid);
    await eventually('the rows are there again', async () => (await counted()) === end);
  }, 30_000);

  test('Postgres may restart under a runner', async () => {
    const runner = start(new Tally());
    await runner.caughtUpTo((await logPosition(nc)).lastSeq, 10_000);
    await servers.postgres.restart();
    const end = await append(names('f', 5), 2);
    expect(await runner.caughtUpTo(end, 20_000)).toBe(true);
    expect(await counted()).toBe(end);
  }, 60_000);

  test('a checkpoint of another log stops the runner and says so', async () => {
    const first = start(new Tally());
    await first.caughtUpTo((await logPosition(nc)).lastSeq, 10_000);
    await first.stop();
    await pool.query(`UPDATE ${SCHEMA}.projection_checkpoint SET created = 'another'`);
    const runner = start(new Tally());
    await eventually('the runner refuses', () => stateOf(runner).kind === 'failing');
    expect(stateOf(runner)).toMatchObject({ code: 'TL0202' });
  });
});

describe('a rebuild', () => {
  const reported = async (batchSize: number): Promise<RebuildReport> => {
    const outcome = await rebuildReadModel({ pool, nc, log, readModel, batchSize });
    if (outcome.kind !== 'rebuilt') throw new Error(JSON.stringify(outcome));
    return outcome.report;
  };
  const rebuilt = async (batchSize: number): Promise<ReadModelDigest> => (await reported(batchSize)).after;
  const projected = async (): Promise<RunningProjection> => {
    await tables();
    const runner = start(new Tally());
    await append(names(`r${Math.random().toString(36).slice(2)}-`, 10), 3);
    await runner.caughtUpTo((await logPosition(nc)).lastSeq, 10_000);
    return runner;
  };

  test('with another batch size gives the same digest as the serving rows', async () => {
    await projected();
    const serving = await digestReadModel(pool, readModel);
    expect(serving.tables['tallies']?.rows).toBeGreaterThan(50);
    expect(Object.keys(serving.tables)).toEqual(['tallies']);
    expect(await rebuilt(13)).toEqual(serving);
    expect(await rebuilt(501)).toEqual(serving);
  });

  test('a changed row gives another digest of just its column', async () => {
    await projected();
    const before = await digestReadModel(pool, readModel);
    await pool.query(`UPDATE ${SCHEMA}.tallies SET commits = commits + 1 WHERE id = 'a3'`);
    const after = await digestReadModel(pool, readModel);
    const changed = Object.entries(after.tables['tallies']?.columns ?? {}).filter(
      ([column, digest]) => before.tables['tallies']?.columns[column] !== digest,
    );
    expect(changed.map(([column]) => column)).toEqual(['commits']);
    expect(await rebuilt(50)).toEqual(before);
  });

  test('says what the rows were before and are after, and which tables that makes a difference to', async () => {
    await projected();
    const untouched = await digestReadModel(pool, readModel);
    expect(await reported(50)).toEqual({
      service: 'orchestrator',
      before: untouched,
      after: untouched,
      tables: { tallies: 'equal' },
    });
    await pool.query(`UPDATE ${SCHEMA}.tallies SET commits = commits + 1 WHERE id = 'a3'`);
    const edited = await digestReadModel(pool, readModel);
    expect(await reported(50)).toMatchObject({ before: edited, after: untouched, tables: { tallies: 'different' } });
    await pool.query(`DROP TABLE ${SCHEMA}.tallies`);
    expect(await reported(50)).toMatchObject({ after: untouched, tables: { tallies: 'new' } });
  });

  test('repairs dropped tables, and the serving runner goes on by itself', async () => {
    const runner = await projected();
    const before = await digestReadModel(pool, readModel);
    await pool.query(`DROP TABLE ${SCHEMA}.tallies, ${SCHEMA}.projection_checkpoint`);
    expect(await rebuilt(29)).toEqual(before);
    const end = await append(names('after-drop', 4), 2);
    expect(await runner.caughtUpTo(end, 20_000)).toBe(true);
    expect(await counted()).toBe(end);
  });

  test('repairs a dropped schema, and leaves it migrated in the eyes of Prisma', async () => {
    const runner = await projected();
    const before = await digestReadModel(pool, readModel);
    await runner.stop();
    await pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
    expect(await rebuilt(29)).toEqual(before);
    const { rows } = await pool.query(
      `SELECT migration_name, applied_steps_count FROM ${SCHEMA}._prisma_migrations WHERE finished_at IS NOT NULL`,
    );
    expect(rows).toEqual([{ migration_name: '20260101000000_first', applied_steps_count: 1 }]);
  });

  test('carries tables over that the log does not hold', async () => {
    await projected();
    await pool.query(`INSERT INTO ${SCHEMA}.lines VALUES (1, 'kept')`);
    await rebuilt(50);
    expect((await pool.query(`SELECT * FROM ${SCHEMA}.lines`)).rows).toEqual([{ n: '1', text: 'kept' }]);
  });

  test('commits that arrive meanwhile are counted once, whoever projects them', async () => {
    const runner = await projected();
    const [, end] = await Promise.all([
      (async () => {
        for (const batchSize of [3, 17, 5]) await rebuilt(batchSize);
      })(),
      append(names('meanwhile', 25), 8),
    ]);
    expect(await runner.caughtUpTo(end, 20_000)).toBe(true);
    expect(await counted()).toBe(end);
  }, 60_000);

  test('is refused while another one runs, and leaves nothing behind', async () => {
    await projected();
    const outcomes = await Promise.all(
      [2, 3].map((batchSize) => rebuildReadModel({ pool, nc, log, readModel, batchSize })),
    );
    const refusals = outcomes.filter((outcome) => outcome.kind === 'refused');
    expect(refusals).toEqual([{ kind: 'refused', refusal: expect.objectContaining({ code: 'TL0402' }) as unknown }]);
    const { rows } = await pool.query<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE '${SCHEMA}%'`,
    );
    expect(rows).toEqual([{ nspname: SCHEMA }]);
  }, 30_000);
});

// Last: it leaves a record on the log that nobody can read.
describe('a record that cannot be read', () => {
  beforeEach(tables);

  test('stops a projection in front of it, with the code', async () => {
    const before = await append(names('g', 3), 1);
    const publisher = createPublisher(nc);
    await publisher.publish(logSubject(refOf('newer')), JSON.stringify({ v: 99, from: 'the future' }));
    await append(names('h', 3), 1);

    const stopped = start(new Tally(), 1_000);
    await eventually('the runner stops', () => stateOf(stopped).kind === 'failing');
    expect(stopped.status()).toMatchObject({ seq: before, state: { code: 'TL0201', seq: before + 1 } });
    expect(await counted()).toBe(before);
    const rebuild = await rebuildReadModel({ pool, nc, log, readModel });
    expect(rebuild).toMatchObject({ kind: 'refused', refusal: { code: 'TL0201', details: { seq: before + 1 } } });
    await stopped.stop();
    publisher.close();
  }, 30_000);
});
