import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type RunningNats,
  type RunningPostgres,
  type RunningSystem,
  startNats,
  startNatsCluster,
  startPostgres,
  startSystem,
} from '@throughline/local-system';
import { tempDir } from '@throughline/testkit';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { Sink } from './sink.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const TOPOLOGIES = ['single', 'cluster'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** A whole system of this run's own, and everything that a fault can take hold of. */
export interface ChaosSystem {
  readonly topology: Topology;
  readonly system: RunningSystem;
  /** By server name: one, or three that hold each stream together. */
  readonly nats: ReadonlyMap<string, RunningNats>;
  readonly postgres: RunningPostgres;
  /** What services and clients go through: in front of each NATS server by its name, and of `postgres`. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** The disk of one NATS server; undefined where none may be mounted. */
  readonly disk: { readonly serverName: string; readonly small: SmallDisk } | undefined;
  readonly sink: Sink;
  /** Past the proxies: for whoever checks. */
  readonly direct: { readonly natsUrl: string; readonly databaseUrl: string };
  stop(): Promise<void>;
}

export interface ChaosSystemOptions {
  readonly topology: Topology;
  readonly minutes: number;
  readonly say: (line: string) => void;
}

const GIB = 2 ** 30;
const HANDLERS = fileURLToPath(new URL('./handlers.js', import.meta.url));
/** More than the streams may take together; the disk itself may be smaller. */
const FILE_STORE_BYTES_MAX = 8 * GIB;
/** Of what a minute of load leaves on the log, about five times. */
const DISK_BYTES_PER_MINUTE = 200 * 2 ** 20;

/** Takes down what was started, in the reverse order, whatever fails on the way. */
class Started {
  readonly #ends: (() => unknown)[] = [];

  keep<T>(thing: T, end: (thing: T) => unknown): T {
    this.#ends.push(() => end(thing));
    return thing;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await Promise.allSettled([Promise.resolve().then(end)]);
  }
}

export const startChaosSystem = async (options: ChaosSystemOptions): Promise<ChaosSystem> => {
  const started = new Started();
  try {
    return await startParts(options, started);
  } catch (error) {
    await started.end();
    throw error;
  }
};

const startParts = async (options: ChaosSystemOptions, started: Started): Promise<ChaosSystem> => {
  const { topology, minutes, say } = options;
  const dir = started.keep(tempDir('throughline-chaos'), (temp) => temp.remove()).path;
  const mounted = mountSmallDisk(dir, Math.min(8 * GIB, GIB / 2 + Math.ceil(minutes) * DISK_BYTES_PER_MINUTE));
  if (mounted.kind === 'refused') say(`no disk will be full: ${mounted.why}`);
  const small = mounted.kind === 'refused' ? undefined : started.keep(mounted, (disk) => disk.remove());
  if (small) say(`one NATS server stores on a small disk of its own (${small.kind})`);
  const sink = started.keep(await Sink.start(), (running) => running.stop());
  const nats = await startNatsServers(topology, dir, small, started);
  const postgresDir = join(dir, 'postgres');
  const postgres = started.keep(await startPostgres({ dir: postgresDir }), (running) => running.stop());

  const proxies = new Map<string, TcpProxy>();
  for (const [name, url] of [
    ...[...nats].map(([name, { url }]) => [name, url] as const),
    ['postgres', postgres.url] as const,
  ])
    proxies.set(
      name,
      started.keep(await TcpProxy.before(Number(new URL(url).port)), (proxy) => proxy.close()),
    );
  const through = (name: string, url: string): string => {
    const at = new URL(url);
    at.port = String(proxies.get(name)?.port);
    return at.href.replace(/\/$/, '');
  };
  mkdirSync(join(dir, 'home'));
  const system = started.keep(
    await startSystem({
      home: join(dir, 'home'),
      portBase: 'free',
      natsUrl: [...nats].map(([name, { url }]) => through(name, url)).join(','),
      databaseUrl: through('postgres', postgres.url),
      instances: { orchestrator: 2, 'step-worker': 2 },
      handlers: [HANDLERS],
      people: [{ name: 'ada', permissions: ['executions:read', 'approvals:decide'], roles: [] }],
      env: {
        CHAOS_SINK_URL: sink.url,
        LOG_LEVEL: 'warn',
        NATS_MONITOR_URL: [...nats.values()].map(({ monitorUrl }) => monitorUrl).join(','),
        THROUGHLINE_REPLICAS: String(nats.size),
        THROUGHLINE_STANDING_STILL_SECONDS: '5',
      },
      onProgress: say,
    }),
    (running) => running.stop(),
  );
  const diskOf = small && { serverName: [...nats.keys()].at(-1) ?? '', small };
  return {
    topology,
    system,
    nats,
    postgres,
    proxies,
    disk: diskOf,
    sink,
    direct: { natsUrl: [...nats.values()].map(({ url }) => url).join(','), databaseUrl: postgres.url },
    stop: () => started.end(),
  };
};

const startNatsServers = async (
  topology: Topology,
  dir: string,
  small: SmallDisk | undefined,
  started: Started,
): Promise<ReadonlyMap<string, RunningNats>> => {
  const fileStoreBytesMax = FILE_STORE_BYTES_MAX;
  if (topology === 'single') {
    const nats = await startNats({ dir: small?.path ?? join(dir, 'nats'), fileStoreBytesMax });
    return new Map([['nats-1', started.keep(nats, (running) => running.stop())]]);
  }
  const cluster = await startNatsCluster({
    dir: join(dir, 'nats'),
    fileStoreBytesMax,
    // The last one.
    dirOf: (serverName) => (serverName === 'nats-3' ? small?.path : undefined),
  });
  return started.keep(cluster, (running) => running.stop()).servers;
};
