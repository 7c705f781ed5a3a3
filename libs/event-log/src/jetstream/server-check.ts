import type { NatsConnection } from './connection.ts';
import { problemOf } from './js-api.ts';

/** Older servers store uncommitted batches and schedules as if they were plain messages. */
export const SERVER_VERSION_MIN = '2.15.1';

export type ServerCheck =
  | { readonly kind: 'fits'; readonly version: string }
  | { readonly kind: 'unfit'; readonly code: 'TL0205'; readonly problem: string };

export interface ServerCheckOptions {
  /** `http://host:port` of the server's monitor, where it is reachable; of a cluster's servers, comma-separated. */
  readonly monitorUrl?: string;
  /** Production: a server that acks before its fsync is refused. Needs `monitorUrl`. */
  readonly requireSyncAlways?: boolean;
}

const unfit = (problem: string): ServerCheck => ({ kind: 'unfit', code: 'TL0205', problem });

const numbersOf = (version: string): readonly number[] | undefined =>
  /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);

/** A pre-release of the lowest version counts as that version. */
export const checkServerVersion = (version: string): ServerCheck => {
  const actual = numbersOf(version);
  const least = numbersOf(SERVER_VERSION_MIN) ?? [];
  if (!actual) return unfit(`nats-server says its version is ${JSON.stringify(version)}, which is no version`);
  const differsAt = least.findIndex((number, index) => number !== actual[index]);
  if (differsAt >= 0 && (actual[differsAt] ?? 0) < (least[differsAt] ?? 0)) {
    return unfit(`nats-server is ${version}; ${SERVER_VERSION_MIN} or newer is needed`);
  }
  return { kind: 'fits', version };
};

interface JetStreamReport {
  readonly config?: { readonly sync_always?: boolean };
}

type Fsync = { readonly kind: 'always' | 'not-always' } | { readonly kind: 'silent'; readonly problem: string };

const fsyncOf = async (monitorUrl: string): Promise<Fsync> => {
  try {
    const response = await fetch(new URL('/jsz?config=true', monitorUrl), { signal: AbortSignal.timeout(5_000) });
    // The monitor's own report; a field that is missing reads as not set.
    const report = (await response.json()) as JetStreamReport;
    return { kind: report.config?.sync_always === true ? 'always' : 'not-always' };
  } catch (error) {
    return { kind: 'silent', problem: problemOf(error) };
  }
};

/** `undefined` where each server that answers fsyncs before each ack. Of a cluster some may be down, but not all. */
const syncProblem = async (monitorUrls: readonly string[]): Promise<string | undefined> => {
  const found = await Promise.all(monitorUrls.map(fsyncOf));
  if (found.some(({ kind }) => kind === 'not-always'))
    return 'nats-server acks before it has fsynced: set `sync_interval: always` in its jetstream block';
  const silent = found.flatMap((one) => (one.kind === 'silent' ? [one.problem] : []));
  if (silent.length < found.length) return undefined;
  return `the NATS monitor at ${monitorUrls.join(', ')} does not answer (${silent[0]}), so sync_interval cannot be checked`;
};

export const checkServer = async (nc: NatsConnection, options: ServerCheckOptions = {}): Promise<ServerCheck> => {
  const info = nc.info;
  if (!info) return unfit('not connected to a nats-server');
  const version = checkServerVersion(info.version);
  if (version.kind === 'unfit') return version;
  if (info.jetstream !== true) return unfit('nats-server runs without JetStream: start it with a jetstream block');
  if (options.monitorUrl === undefined || options.requireSyncAlways !== true) return version;
  const problem = await syncProblem(options.monitorUrl.split(',').map((url) => url.trim()));
  return problem === undefined ? version : unfit(problem);
};
