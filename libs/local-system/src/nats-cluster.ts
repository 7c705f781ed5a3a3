import { join } from 'node:path';
import { isHealthy, startNats, type RunningNats } from './nats-server.ts';
import { takeFreePorts } from './ports.ts';

export interface NatsClusterOptions {
  /** Each server has a folder of its own in it, but for those that `dirOf` puts elsewhere. */
  readonly dir: string;
  readonly dirOf?: (serverName: string) => string | undefined;
  readonly fileStoreBytesMax?: number;
}

export interface RunningNatsCluster {
  /** By server name. Each can be killed and restarted by itself. */
  readonly servers: ReadonlyMap<string, RunningNats>;
  /** Of all servers, comma-separated as NATS_URL has them. */
  readonly url: string;
  /** Resolves when every server has every stream in use; false when that takes longer. */
  healthy(timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

const SERVER_NAMES = ['nats-1', 'nats-2', 'nats-3'];
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Three servers on loopback that hold R3 streams together, each fsyncing before it acknowledges. */
export async function startNatsCluster(options: NatsClusterOptions): Promise<RunningNatsCluster> {
  const members = await takeFreePorts(SERVER_NAMES.length);
  const starts = SERVER_NAMES.map(async (serverName, index) => {
    const server = await startNats({
      dir: options.dirOf?.(serverName) ?? join(options.dir, serverName),
      cluster: { cluster: 'throughline', serverName, port: members[index] ?? 0, members },
      ...(options.fileStoreBytesMax === undefined ? {} : { fileStoreBytesMax: options.fileStoreBytesMax }),
    });
    return [serverName, server] as const;
  });
  const started = (await Promise.allSettled(starts)).flatMap((start) =>
    start.status === 'fulfilled' ? [start.value] : [],
  );
  const servers = new Map(started);
  const stop = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  };
  const healthy = async (timeoutMs: number): Promise<boolean> => {
    const endsAt = Date.now() + timeoutMs;
    const ports = [...servers.values()].map(({ monitorUrl }) => Number(new URL(monitorUrl).port));
    while (Date.now() < endsAt) {
      if ((await Promise.all(ports.map((port) => isHealthy(port, 'whole')))).every(Boolean)) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  };
  if (servers.size < SERVER_NAMES.length || !(await healthy(START_TIMEOUT_MS))) {
    await stop();
    await Promise.all(starts); // tells why, where one did not start
    throw new Error(`the NATS cluster in ${options.dir} found no leader within ${START_TIMEOUT_MS / 1_000} s`);
  }
  return { servers, url: [...servers.values()].map(({ url }) => url).join(','), healthy, stop };
}
