import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectNats } from '@throughline/event-log/jetstream';
import { divergencesIn, replayAll, startSystem } from '@throughline/local-system';
import { EACH_ITEM, type FanOut, fanOut } from './fan-out.ts';
import { latency, type Recovery, recovery, type Throughput, throughput } from './measurements.ts';
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

const json = process.argv.includes('--json');
/** Progress never goes to stdout: with --json nothing but the report may stand there. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const measure = async (): Promise<Report> => {
  const home = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  // Postgres runs as another user when started by root.
  chmodSync(home, 0o755);
  const handlers = [fileURLToPath(new URL('./handlers.js', import.meta.url))];
  say('starting nats-server, Postgres and the five services');
  const system = await startSystem({ home, portBase: 'free', handlers });
  const nc = await connectNats({ url: system.natsUrl, name: 'bench' });
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
    await nc.close();
    await system.stop();
    rmSync(home, { recursive: true, force: true });
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

const report = await measure();
process.stdout.write(`${json ? JSON.stringify(report) : table(report)}\n`);
if (report.w4.lost > 0 || report.w4.countedTwice > 0 || Number.isNaN(report.w4.restartToDoneMs)) process.exitCode = 1;
if (report.replay.divergent.length > 0) process.exitCode = 1;
