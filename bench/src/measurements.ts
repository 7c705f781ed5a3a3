import type { RunningSystem } from '@throughline/local-system';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { cpuTimeOfTreeUs } from './cpu-time.ts';
import { checkLog } from '@throughline/testkit/checker';
import type { Workload } from './workload.ts';

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export const round = (value: number): number => Math.round(value * 100) / 100;
export const quantileOf = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    min: round(quantileOf(sorted, 0)),
    median: round(quantileOf(sorted, 0.5)),
    max: round(quantileOf(sorted, 1)),
  };
};

export interface Throughput {
  readonly workflowsPerSecond: number;
  readonly stepsPerSecond: number;
  readonly runs: Spread;
  /** Microseconds of processor time per step, by process; null where the platform does not tell. */
  readonly cpuUsPerStep: Readonly<Record<string, number>> | null;
  /** From the last end until every read model had caught up. */
  readonly readModelsBehindMs: number | null;
}

const STEPS = 3;
const OUTSTANDING = 256;
const WARM_UP_MS = 10_000;

/** W1: as many workflows of three steps as the system ends, 256 outstanding. */
export const throughput = async (
  system: RunningSystem,
  workload: Workload,
  options: { readonly runs: number; readonly seconds: number; readonly say: (line: string) => void },
): Promise<Throughput> => {
  // Seven cold processes compile their code first: that is start-up, not throughput.
  await workload.keepBusy('bench-3', OUTSTANDING, WARM_UP_MS);
  const perSecond: number[] = [];
  let steps = 0;
  const before = cpuByProcess(system);
  const ownBefore = process.cpuUsage();
  for (let run = 1; run <= options.runs; run += 1) {
    const { done, seconds } = await workload.keepBusy('bench-3', OUTSTANDING, options.seconds * 1_000);
    perSecond.push(done / seconds);
    steps += done * STEPS;
    options.say(`W1 run ${run} of ${options.runs}: ${Math.round(done / seconds)} workflows/s`);
  }
  const own = process.cpuUsage(ownBefore);
  const behind = await caughtUpAfterMs(system);
  const after = cpuByProcess(system);
  const runs = spreadOf(perSecond);
  return {
    workflowsPerSecond: runs.median,
    stepsPerSecond: round(runs.median * STEPS),
    runs,
    cpuUsPerStep:
      before && after
        ? {
            ...Object.fromEntries(
              [...after].map(([name, us]) => [name, round((us - (before.get(name) ?? 0)) / steps)]),
            ),
            bench: round((own.user + own.system) / steps),
          }
        : null,
    readModelsBehindMs: behind,
  };
};

/** W2: one workflow at a time. */
export const latency = async (
  workload: Workload,
  workflow: string,
  times: number,
): Promise<{ p50Ms: number; p99Ms: number; minMs: number; maxMs: number; runs: number }> => {
  for (let i = 0; i < 20; i += 1) await workload.run(workflow);
  const elapsed: number[] = [];
  for (let i = 0; i < times; i += 1) elapsed.push((await workload.run(workflow)).elapsedMs);
  elapsed.sort((a, b) => a - b);
  return {
    p50Ms: round(quantileOf(elapsed, 0.5)),
    p99Ms: round(quantileOf(elapsed, 0.99)),
    minMs: round(quantileOf(elapsed, 0)),
    maxMs: round(quantileOf(elapsed, 1)),
    runs: times,
  };
};

export interface Recovery {
  readonly restartToDoneMs: number;
  readonly acknowledged: number;
  readonly openAtKill: number;
  readonly lost: number;
  readonly countedTwice: number;
}

const RECOVERY_WORKFLOWS = 1_000;
const RECOVERY_MAX_MS = 120_000;

/** W4: kill -9 of orchestrator and step-worker midway, restart, time until everything acknowledged has ended. */
export const recovery = async (system: RunningSystem, nc: NatsConnection, workload: Workload): Promise<Recovery> => {
  const victims = ['orchestrator', 'step-worker'].map((name) => {
    const found = system.processes.get(name);
    if (!found) throw new Error(`${name} is not running`);
    return found;
  });
  const acknowledgedBefore = new Set(workload.acknowledged);
  const endedBefore = workload.ended.size;
  const running = Promise.all(Array.from({ length: RECOVERY_WORKFLOWS }, () => workload.run('bench-10')));
  // Refused or unanswered starts are not acknowledged, so they are not counted as lost.
  let settled = false;
  const settle = (): void => void (settled = true);
  running.then(settle, settle);
  await until(() => workload.ended.size - endedBefore >= RECOVERY_WORKFLOWS / 4, 60_000, 'a quarter ended');
  await Promise.all(victims.map((victim) => victim.kill('SIGKILL')));
  const openAtKill = RECOVERY_WORKFLOWS - (workload.ended.size - endedBefore);
  const restartedAt = performance.now();
  await Promise.all(victims.map((victim) => victim.restart()));
  const allEnded = (): boolean => [...workload.acknowledged].every((id) => workload.ended.has(id));
  await until(() => settled, RECOVERY_MAX_MS, 'all workflows ended').catch(() => undefined);
  const restartToDoneMs = allEnded() ? round(performance.now() - restartedAt) : Number.NaN;
  const { books, table } = await checkLog(nc);
  const acknowledged = [...workload.acknowledged].filter((id) => !acknowledgedBefore.has(id));
  return {
    restartToDoneMs,
    acknowledged: acknowledged.length,
    openAtKill,
    lost: [...workload.acknowledged].filter((id) => books.find('default', id)?.ended === undefined).length,
    countedTwice: table.violationsOf('counted-once'),
  };
};

const until = async (done: () => boolean, timeoutMs: number, what: string): Promise<void> => {
  const endsAt = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > endsAt) throw new Error(`within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const cpuByProcess = (system: RunningSystem): Map<string, number> | undefined => {
  const pids = new Map<string, number>([...system.processes].map(([name, { pid }]) => [name, pid]));
  if (system.nats) pids.set('nats-server', system.nats.pid);
  if (system.postgres) pids.set('postgres', system.postgres.pid);
  const times = new Map<string, number>();
  for (const [name, pid] of pids) {
    const us = cpuTimeOfTreeUs(pid);
    if (us === undefined) return undefined;
    times.set(name, us);
  }
  return times;
};

const LAG = /^throughline_projection_lag\S* (\d+)/m;

const caughtUpAfterMs = async (system: RunningSystem): Promise<number | null> => {
  const startedAt = performance.now();
  const urls = Object.values(system.serviceUrls);
  for (let looks = 0; looks < 600; looks += 1) {
    const lags = await Promise.all(
      urls.map(async (url) => Number(LAG.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0)),
    );
    if (lags.every((lag) => lag === 0)) return round(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
};
