import { readFileSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { RunningSystem } from '@throughline/local-system';
import { quantileOf, round } from './measurements.ts';
import { sequentialSteps, Workload } from './workload.ts';

export interface Soak {
  readonly minutes: number;
  readonly workflowsPerSecond: number;
  readonly p99Ms: number;
  /** Of resident memory in percent an hour, and its mean in MiB, by process. */
  readonly memory: Readonly<Record<string, { readonly percentPerHour: number; readonly meanMiB: number }>>;
  readonly growing: readonly string[];
}

const LOAD = 0.7;
const SAMPLE_MS = 5_000;
const OPEN_MAX = 2_000;
/** Caches fill and code is compiled first. */
const WARM_UP = 1 / 3;
const GROWTH_MAX_PERCENT_PER_HOUR = 1;
/** Half an hour of load does not fit into the log of an ordinary installation. */
const LOG_BYTES = 48 * 2 ** 30;

interface Sample {
  readonly hours: number;
  readonly mib: number;
}

/** 70 % of what the machine can do, for so long: does anything grow? */
export const soak = async (
  system: RunningSystem,
  nc: NatsConnection,
  { minutes, say }: { readonly minutes: number; readonly say: (line: string) => void },
): Promise<Soak> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  await manager.streams.update(STREAMS.log, { max_bytes: LOG_BYTES });
  const workload = new Workload(nc, { tenant: 'soak', remembers: false });
  try {
    await workload.listen();
    await workload.register('bench-3', sequentialSteps(3));
    await workload.keepBusy('bench-3', 256, 20_000);
    const { done, seconds } = await workload.keepBusy('bench-3', 256, 15_000);
    const perSecond = (done / seconds) * LOAD;
    say(`soak: ${round(perSecond)} workflows/s for ${minutes} minutes`);
    const samples = new Map<string, Sample[]>();
    const startedAt = performance.now();
    const sampling = setInterval(() => {
      const hours = (performance.now() - startedAt) / 3_600_000;
      for (const [name, mib] of residentMiB(system)) samples.set(name, [...(samples.get(name) ?? []), { hours, mib }]);
    }, SAMPLE_MS);
    const paced = await workload.keepPace('bench-3', { perSecond, ms: minutes * 60_000, openMax: OPEN_MAX });
    clearInterval(sampling);
    const memory = Object.fromEntries([...samples].map(([name, all]) => [name, growthOf(all)]));
    const sorted = [...paced.elapsedMs].sort((a, b) => a - b);
    return {
      minutes,
      workflowsPerSecond: round(paced.elapsedMs.length / paced.seconds),
      p99Ms: round(quantileOf(sorted, 0.99)),
      memory,
      growing: Object.entries(memory).flatMap(([name, { percentPerHour }]) =>
        percentPerHour > GROWTH_MAX_PERCENT_PER_HOUR ? [name] : [],
      ),
    };
  } finally {
    workload.close();
  }
};

const RESIDENT = /^VmRSS:\s+(\d+) kB/m;

const residentMiB = (system: RunningSystem): ReadonlyMap<string, number> => {
  const pids = [...system.processes].map(([name, { pid }]) => [name, pid] as const);
  const servers = [
    ['nats-server', system.nats?.pid],
    ['postgres', system.postgres?.pid],
  ] as const;
  const found = new Map<string, number>();
  for (const [name, pid] of [...pids, ...servers]) {
    if (pid === undefined) continue;
    const kib = Number(RESIDENT.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
    if (!Number.isNaN(kib)) found.set(name, kib / 1_024);
  }
  return found;
};

/** The slope of the line through all samples after the warm-up. */
const growthOf = (all: readonly Sample[]): { percentPerHour: number; meanMiB: number } => {
  const samples = all.slice(Math.floor(all.length * WARM_UP));
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [meanHours, meanMiB] = [mean(({ hours }) => hours), mean(({ mib }) => mib)];
  const covariance = mean(({ hours, mib }) => (hours - meanHours) * (mib - meanMiB));
  const variance = mean(({ hours }) => (hours - meanHours) ** 2);
  return { percentPerHour: round(((covariance / variance) * 100) / meanMiB), meanMiB: round(meanMiB) };
};
