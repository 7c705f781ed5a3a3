import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres, type RunningPostgres } from './postgres.ts';

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};
const tempDirForAll = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'throughline-pg-'));
  chmodSync(dir, 0o755);
  return dir;
};

describe('startPostgres', () => {
  let dir: string;
  let postgres: RunningPostgres;
  beforeAll(async () => {
    dir = tempDirForAll();
    postgres = await startPostgres({ dir: join(dir, 'cluster') });
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('committed rows are there after kill -9 and a restart at the same address', async () => {
    await query(postgres.url, 'create table kept (n int)');
    await query(postgres.url, 'insert into kept values (1)');
    await postgres.kill('SIGKILL');
    await postgres.restart();
    expect(await query(postgres.url, 'select n from kept')).toEqual([{ n: 1 }]);
  });

  test('a second start of the same folder keeps data and password', async () => {
    await query(postgres.url, 'create table second (n int)');
    await postgres.stop();
    postgres = await startPostgres({ dir: join(dir, 'cluster') });
    expect(
      await query(postgres.url, `select count(*)::int as tables from pg_tables where tablename = 'second'`),
    ).toEqual([{ tables: 1 }]);
  });

  test('a connection without the password is refused', async () => {
    const url = new URL(postgres.url);
    url.password = 'wrong';
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });
});

test('a cluster that cannot start says why with the end of its log', async () => {
  const dir = tempDirForAll();
  const first = await startPostgres({ dir: join(dir, 'cluster'), durable: false });
  await first.stop();
  writeFileSync(join(dir, 'cluster', 'data', 'postgresql.conf'), 'no_such_setting = on\n');
  await expect(startPostgres({ dir: join(dir, 'cluster') })).rejects.toThrow(
    /Postgres ended unexpectedly[\s\S]*no_such_setting/,
  );
  rmSync(dir, { recursive: true, force: true });
}, 60_000);
