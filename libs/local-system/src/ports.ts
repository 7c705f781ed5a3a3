import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { SERVICES, type ServiceName } from '@throughline/contracts';

export interface Ports {
  readonly front: number;
  /** Of the first instance of each. */
  readonly services: Readonly<Record<ServiceName, number>>;
  /** Of every instance of each, the first one's first. */
  readonly instances: Readonly<Record<ServiceName, readonly number[]>>;
  readonly nats: number;
  readonly natsMonitor: number;
  readonly postgres: number;
  readonly examples: Readonly<Record<ExampleServer, number>>;
}

/** The examples, each with its own servers. One runs at a time, so the ports of one are those of another. */
export const EXAMPLES = {
  'order-fulfilment': ['inventory', 'payment', 'shipping'],
  'change-request': ['assets', 'receiver'],
} as const;
export type ExampleName = keyof typeof EXAMPLES;
export type ExampleServer = (typeof EXAMPLES)[ExampleName][number];

const EXAMPLE_SERVERS: readonly ExampleServer[] = Object.values(EXAMPLES).flat();

export const PORT_BASE = 7400;
const HIGHEST_OFFSET = 53;

/** 7400 or what THROUGHLINE_PORT_BASE says. */
export function portBaseOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env['THROUGHLINE_PORT_BASE'];
  if (text === undefined || text === '') return PORT_BASE;
  const base = Number(text);
  if (!Number.isInteger(base) || base < 1024 || base + HIGHEST_OFFSET > 65_535) {
    throw new Error(
      `THROUGHLINE_PORT_BASE must be a whole number from 1024 to ${65_535 - HIGHEST_OFFSET}, not "${text}"`,
    );
  }
  return base;
}

/** How many instances of a service there are; one where not given. */
export type InstanceCounts = Readonly<Partial<Record<ServiceName, number>>>;

/** Where the five ports of the first, second, … instances begin: between the other ports. */
const INSTANCE_OFFSETS = [1, 11, 16, 24, 33, 38, 43] as const;

export const portsFrom = (base: number, counts: InstanceCounts = {}): Ports => ({
  front: base,
  services: byName(SERVICES, (index) => base + INSTANCE_OFFSETS[0] + index),
  instances: perInstance(counts, (index, instance) => base + (INSTANCE_OFFSETS[instance] ?? Number.NaN) + index),
  nats: base + 22,
  natsMonitor: base + 23,
  postgres: base + 32,
  examples: exampleServers((index) => base + 51 + index),
});

function exampleServers(portAt: (index: number) => number): Ports['examples'] {
  const [orders, changes] = [EXAMPLES['order-fulfilment'], EXAMPLES['change-request']];
  return { ...byName(orders, portAt), ...byName(changes, portAt) };
}

function perInstance(
  counts: InstanceCounts,
  portAt: (service: number, instance: number) => number,
): Ports['instances'] {
  const named = SERVICES.map((name, service): [ServiceName, readonly number[]] => [
    name,
    Array.from({ length: instancesOf(name, counts) }, (_, instance) => portAt(service, instance)),
  ]);
  // One entry for each of SERVICES, which fromEntries cannot express.
  return Object.fromEntries(named) as Record<ServiceName, readonly number[]>;
}

function instancesOf(service: ServiceName, counts: InstanceCounts): number {
  const count = counts[service] ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > INSTANCE_OFFSETS.length) {
    throw new Error(`there can be 1 to ${INSTANCE_OFFSETS.length} instances of ${service}, not ${count}`);
  }
  return count;
}

/** Every port one that is free now: for tests, several systems side by side. */
export async function freePorts(counts: InstanceCounts = {}): Promise<Ports> {
  const instancesWanted = SERVICES.reduce((sum, service) => sum + instancesOf(service, counts), 0);
  const free = await takeFreePorts(4 + instancesWanted + EXAMPLE_SERVERS.length);
  const next = (): number => {
    const port = free.pop();
    if (port === undefined) throw new Error('counted too few ports');
    return port;
  };
  const instances = perInstance(counts, next);
  return {
    front: next(),
    services: byName(SERVICES, (index) => instances[SERVICES[index] ?? 'orchestrator'][0] ?? next()),
    instances,
    nats: next(),
    natsMonitor: next(),
    postgres: next(),
    examples: exampleServers(next),
  };
}

export async function freePort(): Promise<number> {
  const [port] = await takeFreePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

function byName<N extends string>(names: readonly N[], portAt: (index: number) => number): Record<N, number> {
  // The entries are one for each name of N, which fromEntries cannot express.
  return Object.fromEntries(names.map((name, index) => [name, portAt(index)])) as Record<N, number>;
}

/** All are held open together, so that none is given twice. */
export async function takeFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenOn(0)));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenOn(port: number) {
  return new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });
}

export async function isFree(port: number): Promise<boolean> {
  try {
    const server = await listenOn(port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch {
    return false;
  }
}

export interface WantedPort {
  readonly port: number;
  readonly name: string;
}

/** The sentence for the user when ports are taken, or undefined when all are free. */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string | undefined> {
  const free = await Promise.all(wanted.map(({ port }) => isFree(port)));
  const taken = wanted.filter((_, index) => free[index] === false);
  if (taken.length === 0) return undefined;
  const lines = taken.map(({ port, name }) => {
    const owner = ownerOfPort(port);
    return `  ${port} (for ${name}) is in use${owner === undefined ? '' : ` by ${owner}`}`;
  });
  return [
    'Ports that Throughline needs are taken:',
    ...lines,
    'Stop what uses them, or shift all ports by another base: THROUGHLINE_PORT_BASE=8400 npm start',
  ].join('\n');
}

const LISTENING = '0A';

/** Linux only, and only as far as /proc lets us look. */
export function ownerOfPort(port: number): string | undefined {
  try {
    const inode = ['/proc/net/tcp', '/proc/net/tcp6'].map((table) => listeningInode(table, port)).find(Boolean);
    if (inode === undefined) return undefined;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (!holdsSocket(pid, inode)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
      return `process ${pid} (${command.slice(0, 120)})`;
    }
  } catch {
    // Another platform, or a process that went away while we looked: the port number alone must do.
  }
  return undefined;
}

function listeningInode(table: string, port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns[3] === LISTENING && columns[1]?.endsWith(`:${hexPort}`)) return columns[9];
  }
  return undefined;
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // another user's process, or gone
  }
}
