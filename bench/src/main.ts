import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { divergencesIn, replayAll, type RunningSystem, startSystem } from '@throughline/local-system';
import { backlog } from './backlog.ts';
import { type Fairness, fairness, FAIRNESS_TENANT_OPEN_MAX } from './fairness.ts';
import { type Soak, soak } from './soak.ts';
import { EACH_ITEM, type FanOut, fanOut } from './fan-out.ts';
import { latency, type Recovery, recovery, type Throughput, throughput } from './measurements.ts';
import { rebuild, rebuildTable } from './rebuild.ts';
import { sequentialSteps, Workload } from './workload.ts';

type Latency = Awaited<ReturnType<typeof latency>>;
interface Report {
  readonly machine: { readonly cores: number; readonly cpu: string; readonly memoryGiB: number; readonly node: string };
  readonly log: { readonly syncInterval: 'always'; readonly servers: 1 };
  readonly w1: Throughput;
  readonly w2: { readonly oneStep: Latency; readonly tenSteps: Latency };
  readonly w3: FanOut;
  readonly w4: Recovery;
  readonly map10k: FanOut;
  /** Everything that the benchmark has left on the log, decided again. */
  readonly replay: { readonly line: string; readonly seconds: number; readonly divergent: readonly string[] };
}

/** What one tenant may do to the waits of others. */
const FAIRNESS_P99_RATIO_MAX = 2;

const json = process.argv.includes('--json');
/** Progress never goes to stdout: with --json nothing but the report may stand there. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Part {
  readonly system: RunningSystem;
  readonly nc: NatsConnection;
}

/** A fresh system for one measurement, and nothing left of it afterwards. */
const withSystem = async <T>(env: Readonly<Record<string, string>>, run: (part: Part) => Promise<T>): Promise<T> => {
  const home = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  // Postgres runs as another user when started by root.
  chmodSync(home, 0o755);
  const handlers = [fileURLToPath(new URL('./handlers.js', import.meta.url))];
  say('starting nats-server, Postgres and the five services');
  const system = await startSystem({ home, portBase: 'free', handlers, env });
  const nc = await connectNats({ url: system.natsUrl, name: 'bench' });
  try {
    return await run({ system, nc });
  } finally {
    await nc.close();
    await system.stop();
    rmSync(home, { recursive: true, force: true });
  }
};

const measure = async ({ system, nc }: Part): Promise<Report> => {
  const workload = new Workload(nc);
  try {
    await workload.listen();
    for (const steps of [1, 3, 10]) await workload.register(`bench-${steps}`, sequentialSteps(steps));
    const w1 = await throughput(system, workload, { runs: 3, seconds: 5, say });
    say('W2: one workflow at a time');
    const oneStep = await latency(workload, 'bench-1', 200);
    const tenSteps = await latency(workload, 'bench-10', 100);
    say('W3: a Map of 1,000 items');
    await workload.register('bench-map', EACH_ITEM);
    await fanOut(system, workload, { workflow: 'bench-map', items: 1_000, runs: 2 });
    const w3 = await fanOut(system, workload, { workflow: 'bench-map', items: 1_000, runs: 10 });
    say('a Map of 10,000 items');
    const map10k = await fanOut(system, workload, { workflow: 'bench-map', items: 10_000, runs: 3 });
    say('W4: kill -9 of orchestrator and step-worker midway');
    const w4 = await recovery(system, nc, workload);
    say('replaying everything');
    const replay = await replayed(system.natsUrl);
    return {
      machine: machine(),
      log: { syncInterval: 'always', servers: 1 },
      w1,
      w2: { oneStep, tenSteps },
      w3,
      w4,
      map10k,
      replay,
    };
  } finally {
    workload.close();
  }
};

const replayed = async (natsUrl: string): Promise<Report['replay']> => {
  const startedMs = performance.now();
  const result = await replayAll(natsUrl);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { line: result.line, seconds, divergent: divergencesIn(result) };
};

const machine = (): Report['machine'] => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});

const spreadText = ({ min, median, max }: FanOut['elapsedMs']): string => `${median} (${min} to ${max})`;

const table = ({ w1, w2, w3, w4, map10k, replay, machine: on }: Report): string =>
  [
    `${on.cores} cores (${on.cpu}), ${on.memoryGiB} GiB, Node ${on.node}; every write of the log fsynced`,
    '',
    `W1  workflows of 3 steps, 256 outstanding   ${w1.workflowsPerSecond} workflows/s (${w1.runs.min} to ${w1.runs.max}), ${w1.stepsPerSecond} steps/s`,
    `    read models behind by                   ${w1.readModelsBehindMs} ms`,
    `W2  one step, one at a time                 p50 ${w2.oneStep.p50Ms} ms, p99 ${w2.oneStep.p99Ms} ms`,
    `    ten steps, one at a time                p50 ${w2.tenSteps.p50Ms} ms, p99 ${w2.tenSteps.p99Ms} ms`,
    `W3  fan-out of ${w3.items} and join             ${spreadText(w3.elapsedMs)} ms`,
    `    a Map of ${map10k.items} items               ${spreadText(map10k.elapsedMs)} ms`,
    `W4  kill -9 midway, restart to all done     ${w4.restartToDoneMs} ms (${w4.openAtKill} open), lost ${w4.lost}, counted twice ${w4.countedTwice}`,
    '',
    `${replay.line}, in ${replay.seconds} s`,
    ...replay.divergent,
    '',
    'Most memory ever held in MiB, after the Maps',
    ...Object.entries(map10k.peakMiB ?? {}).map(([name, mib]) => `    ${name.padEnd(22)}${mib}`),
    '',
    'CPU per step in microseconds',
    ...Object.entries(w1.cpuUsPerStep ?? {}).map(([name, us]) => `    ${name.padEnd(22)}${us}`),
  ].join('\n');

const fairnessText = ({ share, tenantOpenMax, before, during, p99Ratio, loud }: Fairness): string =>
  [
    `W5  five tenants at their share (${share} starts/s each), and one at 20 times its share (at most ${tenantOpenMax} open)`,
    `    the five before      p50 ${before.p50Ms} ms, p99 ${before.p99Ms} ms, ${before.endedPerSecond}/s`,
    `    the five meanwhile   p50 ${during.p50Ms} ms, p99 ${during.p99Ms} ms, ${during.endedPerSecond}/s`,
    `    p99 ratio            ${p99Ratio} (bound: below ${FAIRNESS_P99_RATIO_MAX})`,
    `    the one              ${loud.endedPerSecond}/s ended, ${loud.refusedPerSecond}/s sent away`,
  ].join('\n');

const soakText = ({ minutes, workflowsPerSecond, p99Ms, memory, growing }: Soak): string =>
  [
    `${minutes} minutes at ${workflowsPerSecond} workflows/s, p99 ${p99Ms} ms`,
    ...Object.entries(memory).map(
      ([name, { percentPerHour, meanMiB }]) => `    ${name.padEnd(22)}${meanMiB} MiB, ${percentPerHour} % an hour`,
    ),
    growing.length === 0 ? 'nothing grows' : `growing: ${growing.join(', ')}`,
  ].join('\n');

/** The value behind an option of the command line. */
const optionOf = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

const numberOf = (name: string, preset: number): number => {
  const value = Number(optionOf(name) ?? preset);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a number above 0`);
  return value;
};

const print = (report: object, text: string): void =>
  void process.stdout.write(`${json ? JSON.stringify(report) : text}\n`);
const fail = (wrong: boolean): void => {
  if (wrong) process.exitCode = 1;
};

/** What is not part of the whole benchmark: asked for by name. */
const ONLY: Readonly<Record<string, () => Promise<void>>> = {
  fairness: async () => {
    const env = { THROUGHLINE_TENANT_OPEN_MAX: String(FAIRNESS_TENANT_OPEN_MAX) };
    const report = await withSystem(env, ({ nc }) => fairness(nc, { seconds: numberOf('--seconds', 15), say }));
    print(report, fairnessText(report));
    fail(!(report.p99Ratio < FAIRNESS_P99_RATIO_MAX));
  },
  backlog: async () => {
    const tasks = numberOf('--tasks', 100_000);
    const report = await withSystem({}, ({ system, nc }) => backlog(system, nc, { tasks, say }));
    const { drainedMs, tasksPerSecond, ends } = report;
    print(report, `${report.tasks} tasks drained in ${drainedMs} ms, ${tasksPerSecond}/s: ${JSON.stringify(ends)}`);
    fail(Object.keys(ends).some((end) => end !== 'Succeeded'));
  },
  soak: async () => {
    const minutes = numberOf('--minutes', 30);
    const report = await withSystem({}, ({ system, nc }) => soak(system, nc, { minutes, say }));
    print(report, soakText(report));
    fail(report.growing.length > 0);
  },
  rebuild: async () => {
    const report = await rebuild(numberOf('--commits', 1_000_000), say);
    print(report, rebuildTable(report));
    fail(report.reads.failed > 0 || Object.values(report.tables).some((how) => how !== 'equal'));
  },
};

const whole = async (): Promise<void> => {
  const report = await withSystem({}, measure);
  print(report, table(report));
  fail(report.w4.lost > 0 || report.w4.countedTwice > 0 || Number.isNaN(report.w4.restartToDoneMs));
  fail(report.replay.divergent.length > 0);
};

const only = optionOf('--only');
if (process.argv.includes('--only')) {
  const run = ONLY[only ?? ''];
  if (!run) throw new Error(`--only one of ${Object.keys(ONLY).join(', ')}`);
  await run();
} else await whole();
