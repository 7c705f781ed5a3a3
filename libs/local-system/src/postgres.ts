import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { launch, ProcessFailed, tailOf, waitUntilReady, type Launched } from './child-process.ts';
import { findPostgres, postgresUser, type PostgresBinaries } from './postgres-binaries.ts';
import { freePort } from './ports.ts';

export interface PostgresOptions {
  /** Keeps the cluster and its password; as root it must be reachable by the user `postgres`. */
  readonly dir: string;
  /** 0: any free one. */
  readonly port?: number;
  readonly logFile?: string;
  /** False for tests whose data need not survive power loss. */
  readonly durable?: boolean;
}

export interface RunningPostgres {
  /** Of the database `throughline`. */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Ends it in good order; its data stay. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const START_ATTEMPTS_MAX = 3;
const DATABASE = 'throughline';
const SUPERUSER = 'throughline';

export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const cluster = prepareCluster(options);
  const first = await startOnSomePort(cluster, options.port ?? 0);
  const { port } = first;
  let { launched } = first;
  await createDatabase(cluster, port);
  return {
    url: urlOf(cluster, port, DATABASE),
    logFile: cluster.logFile,
    get pid() {
      return launched.pid;
    },
    stop: () => launched.stop(),
    kill: (signal) => launched.kill(signal),
    restart: async () => {
      await launched.stop();
      launched = await startServer(cluster, port);
    },
  };
}

interface Cluster {
  readonly dataDir: string;
  readonly password: string;
  readonly logFile: string;
  readonly durable: boolean;
  readonly binaries: PostgresBinaries;
}

function prepareCluster({ dir, logFile, durable = true }: PostgresOptions): Cluster {
  const binaries = findPostgres();
  mkdirSync(dir, { recursive: true });
  const dataDir = join(dir, 'data');
  const passwordFile = join(dir, 'password');
  const user = postgresUser();
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    rmSync(dataDir, { recursive: true, force: true }); // what an initdb that was cut off left
    mkdirSync(dataDir, { mode: 0o700 });
    writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
    if (user !== undefined) for (const path of [dir, dataDir, passwordFile]) chownSync(path, user.uid, user.gid);
    initialiseCluster({ binaries, dataDir, passwordFile, durable });
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  return { dataDir, password, logFile: logFile ?? join(dir, 'postgres.log'), durable, binaries };
}

interface Initialise {
  readonly binaries: PostgresBinaries;
  readonly dataDir: string;
  readonly passwordFile: string;
  readonly durable: boolean;
}

/** Locale and sort order are Postgres's own, so that they do not depend on what the machine has installed. */
function initialiseCluster({ binaries, dataDir, passwordFile, durable }: Initialise): void {
  const args = [
    `--pgdata=${dataDir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ];
  const done = spawnSync(binaries.initdb, args, {
    encoding: 'utf8',
    cwd: dataDir,
    env: neutralEnv(),
    ...postgresUser(),
  });
  if (done.status === 0) return;
  const why = done.error?.message ?? `${done.stdout}\n${done.stderr}`;
  throw new Error(`Postgres could not create its data folder ${dataDir}:\n${tailOf(why)}`);
}

const neutralEnv = () => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' });

async function startOnSomePort(cluster: Cluster, wanted: number): Promise<{ launched: Launched; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await freePort() : wanted;
    try {
      return { launched: await startServer(cluster, port), port };
    } catch (error) {
      // Somebody may take a free port between our look and Postgres's bind.
      const portWasTaken =
        error instanceof ProcessFailed && /could not bind|could not create any TCP/i.test(error.output);
      if (!portWasTaken || wanted !== 0 || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

async function startServer(cluster: Cluster, port: number): Promise<Launched> {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...(cluster.durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const launched = await launch({
    name: 'Postgres',
    command: cluster.binaries.postgres,
    args: ['-D', cluster.dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    env: neutralEnv(),
    cwd: cluster.dataDir,
    logFile: cluster.logFile,
    stopSignal: 'SIGINT', // "fast": does not wait for clients to leave
    ...postgresUser(),
  });
  const isReady = () => answers(urlOf(cluster, port, 'postgres'));
  await waitUntilReady(launched, isReady, { timeoutMs: READY_TIMEOUT_MS });
  return launched;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the server may go away while we ask; the next poll sees it
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(cluster, port, 'postgres') });
  await client.connect();
  try {
    const there = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (there.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

const urlOf = (cluster: Cluster, port: number, database: string): string =>
  `postgresql://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/${database}`;
