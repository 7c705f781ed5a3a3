import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { launch, waitUntilReady, type Launched } from './child-process.ts';
import { stateHome } from './checkout.ts';
import { checkStoreIsFree, noteStoreOwner } from './store-owner.ts';

export const NATS_SERVER_MIN = '2.15.1';

export interface NatsOptions {
  /** Keeps its configuration, its log and JetStream's files. */
  readonly dir: string;
  /** 0: any free one, kept over restarts. */
  readonly port?: number;
  readonly monitorPort?: number;
  readonly binary?: string;
  readonly logFile?: string;
  /** One of several servers that hold the streams together. */
  readonly cluster?: ClusterMember;
  /** What the streams may reserve; absent: what the server makes of the room on its disk. */
  readonly fileStoreBytesMax?: number;
}

export interface ClusterMember {
  readonly cluster: string;
  readonly serverName: string;
  /** Where the other servers reach this one. */
  readonly port: number;
  /** Ports of all members. */
  readonly members: readonly number[];
}

export interface RunningNats {
  readonly url: string;
  readonly monitorUrl: string;
  readonly pid: number;
  readonly logFile: string;
  /** Ends it in good order; its data stay. */
  stop(): Promise<void>;
  /** SIGKILL returns when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, whether it runs or was killed. */
  restart(): Promise<void>;
}

const READY_TIMEOUT_MS = 20_000;

export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const binary = options.binary ?? findNatsServer();
  const logFile = options.logFile ?? join(dir, 'nats-server.log');
  const start = (ports: ServerPorts) => startServer({ ...options, binary, logFile, ports });
  let server = await start({ client: options.port ?? 0, monitor: options.monitorPort ?? 0 });
  const ports = server.ports;
  return {
    url: `nats://127.0.0.1:${ports.client}`,
    monitorUrl: `http://127.0.0.1:${ports.monitor}`,
    logFile,
    get pid() {
      return server.launched.pid;
    },
    stop: () => server.launched.stop(),
    kill: (signal) => server.launched.kill(signal),
    restart: async () => {
      await server.launched.stop();
      server = await start(ports);
    },
  };
}

interface ServerPorts {
  readonly client: number;
  readonly monitor: number;
}

interface StartServer extends NatsOptions {
  readonly binary: string;
  readonly logFile: string;
  readonly ports: ServerPorts;
}

async function startServer(start: StartServer): Promise<{ launched: Launched; ports: ServerPorts }> {
  const { dir, binary, logFile, cluster } = start;
  const configFile = join(dir, 'nats-server.conf');
  checkStoreIsFree(dir, configFile);
  writeFileSync(configFile, configuration(start));
  const launched = await launch({
    name: cluster?.serverName ?? 'nats-server',
    command: binary,
    args: ['--config', configFile],
    env: process.env,
    logFile,
  });
  noteStoreOwner(dir, launched.pid);
  // The server itself says which ports it got, so no two tests can be given the same one.
  const portsFile = join(dir, `nats-server_${launched.pid}.ports`);
  let bound: ServerPorts | undefined;
  const isReady = async (): Promise<boolean> => {
    bound ??= readPorts(portsFile);
    return bound !== undefined && (await isHealthy(bound.monitor, cluster === undefined ? 'whole' : 'own'));
  };
  await waitUntilReady(launched, isReady, { timeoutMs: READY_TIMEOUT_MS });
  rmSync(portsFile, { force: true });
  if (bound === undefined) throw new Error('ready without ports');
  return { launched, ports: bound };
}

const anyWhenZero = (port: number): number => (port === 0 ? -1 : port);

/** `sync_interval: always` because an acknowledged commit must survive power loss. */
const configuration = ({ dir, ports, cluster, fileStoreBytesMax }: StartServer): string =>
  [
    `host: "127.0.0.1"`,
    `port: ${anyWhenZero(ports.client)}`,
    `http: "127.0.0.1:${anyWhenZero(ports.monitor)}"`,
    `ports_file_dir: ${JSON.stringify(dir)}`,
    `max_payload: 4MB`,
    `write_deadline: "10s"`,
    `jetstream {`,
    `  store_dir: ${JSON.stringify(join(dir, 'jetstream'))}`,
    `  sync_interval: always`,
    ...(fileStoreBytesMax === undefined ? [] : [`  max_file_store: ${fileStoreBytesMax}`]),
    `}`,
    ...(cluster === undefined ? [] : clusterConfiguration(cluster)),
    '',
  ].join('\n');

/** `no_advertise`: clients keep to the addresses that they were given, which may be a proxy's. */
const clusterConfiguration = ({ cluster, serverName, port, members }: ClusterMember): string[] => [
  `server_name: ${JSON.stringify(serverName)}`,
  `cluster {`,
  `  name: ${JSON.stringify(cluster)}`,
  `  listen: "127.0.0.1:${port}"`,
  `  no_advertise: true`,
  `  routes: [${members.map((member) => `"nats-route://127.0.0.1:${member}"`).join(', ')}]`,
  `}`,
];

function readPorts(portsFile: string): ServerPorts | undefined {
  if (!existsSync(portsFile)) return undefined;
  const text = readFileSync(portsFile, 'utf8');
  if (!text.trimEnd().endsWith('}')) return undefined; // still being written
  const parsed = JSON.parse(text) as { nats?: string[]; monitoring?: string[] }; // the server's own format
  const portOf = (urls: string[] | undefined) => Number(new URL(urls?.[0] ?? 'http://missing').port);
  return { client: portOf(parsed.nats), monitor: portOf(parsed.monitoring) };
}

/** `own`: JetStream is up in this server, whatever the others do; `whole`: every stream can be used, too. */
export async function isHealthy(monitorPort: number, health: 'own' | 'whole'): Promise<boolean> {
  const query = health === 'own' ? '?js-enabled-only=true' : '';
  try {
    const response = await fetch(`http://127.0.0.1:${monitorPort}/healthz${query}`, {
      signal: AbortSignal.timeout(2_000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** A nats-server that is new enough: named by NATS_SERVER_BIN, fetched by the tools, or on the PATH. */
export function findNatsServer(): string {
  const named = process.env['NATS_SERVER_BIN'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const candidates = [...(named ? [named] : []), join(stateHome(), 'bin', 'nats-server'), ...onPath];
  const found = candidates.find((candidate) => existsSync(candidate) && isNewEnough(candidate));
  if (found !== undefined) return found;
  throw new Error(
    `no nats-server ${NATS_SERVER_MIN} or newer was found. Run "node tools/nats-server.mjs" to fetch it, or name one by NATS_SERVER_BIN.`,
  );
}

function isNewEnough(binary: string): boolean {
  const version = /nats-server: v(\d+)\.(\d+)\.(\d+)/.exec(
    spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout ?? '',
  );
  if (version === null) return false;
  const numbers = version.slice(1).map(Number);
  const wanted = NATS_SERVER_MIN.split('.').map(Number);
  const firstDifference = numbers.findIndex((part, index) => part !== wanted[index]);
  return firstDifference === -1 || (numbers[firstDifference] ?? 0) > (wanted[firstDifference] ?? 0);
}
