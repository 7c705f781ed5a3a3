import { join } from 'node:path';
import type { ServiceName } from '@throughline/contracts';
import { migrate, startNats, startPostgres, type RunningNats, type RunningPostgres } from '@throughline/local-system';
import { tempDir, type TempDir } from './temp-dir.ts';

export interface TestServers {
  readonly nats: RunningNats;
  readonly postgres: RunningPostgres;
  readonly natsUrl: string;
  readonly monitorUrl: string;
  readonly databaseUrl: string;
  readonly dir: string;
  stop(): Promise<void>;
}

export interface WantedServers {
  readonly nats?: boolean;
  readonly postgres?: boolean;
  /** Whose tables to make. */
  readonly migrate?: readonly ServiceName[];
}

interface Parts {
  readonly dir: TempDir;
  readonly nats: RunningNats | undefined;
  readonly postgres: RunningPostgres | undefined;
}

async function startParts(wanted: WantedServers): Promise<Parts> {
  const dir = tempDir();
  const [nats, postgres] = await Promise.all([
    wanted.nats === false ? undefined : startNats({ dir: join(dir.path, 'nats') }),
    wanted.postgres === false ? undefined : startPostgres({ dir: join(dir.path, 'postgres'), durable: false }),
  ]);
  for (const service of wanted.migrate ?? []) {
    if (postgres === undefined) throw new Error('migrations need Postgres');
    await migrate({ service, databaseUrl: postgres.url });
  }
  return { dir, nats, postgres };
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * Real servers for the specs of one file: call it in a `describe` or at the top, read the result inside tests.
 * They start before all and are gone, with their data, after all.
 */
export function useServers(wanted: WantedServers = {}): TestServers {
  let parts: Parts | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([parts?.nats?.stop(), parts?.postgres?.stop()]);
    parts?.dir.remove();
    parts = undefined;
  };
  beforeAll(async () => {
    parts = await startParts(wanted);
  }, START_TIMEOUT_MS);
  afterAll(stop, STOP_TIMEOUT_MS);
  const part = <K extends keyof Parts>(name: K): NonNullable<Parts[K]> => {
    const found = parts?.[name];
    if (found === undefined || found === null)
      throw new Error(`${name} is not running: not asked for, or read before beforeAll`);
    return found;
  };
  return {
    get nats() {
      return part('nats');
    },
    get postgres() {
      return part('postgres');
    },
    get natsUrl() {
      return part('nats').url;
    },
    get monitorUrl() {
      return part('nats').monitorUrl;
    },
    get databaseUrl() {
      return part('postgres').url;
    },
    get dir() {
      return part('dir').path;
    },
    stop,
  };
}
