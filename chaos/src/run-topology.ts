import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CheckpointWatch, type PromiseName } from '@throughline/testkit/checker';
import type { Arguments } from './arguments.ts';
import { Chance } from './chance.ts';
import { type ChaosSystem, startChaosSystem, type Topology } from './chaos-system.ts';
import { FAULT_KINDS } from './fault.ts';
import { FaultRun } from './fault-run.ts';
import { Faults } from './faults.ts';
import { judge } from './judge.ts';
import { Keeper } from './keeper.ts';
import { Load } from './load.ts';
import type { TopologyReport } from './report.ts';
import { Tally } from './tally.ts';

export interface Run extends Arguments {
  readonly topology: Topology;
  /** Of this topology. */
  readonly minutes: number;
  readonly say: (line: string) => void;
  /** Aborted when somebody wants it to end. */
  readonly signal: AbortSignal;
}

const WARM_UP_MS = 3_000;
const ANSWERS_MS = 90_000;
const ALL_UP_MS = 120_000;
const PROGRESS_EVERY_MS = 10_000;

/** One system from its start to its verdict; nothing of it is left. */
export const runTopology = async (run: Run): Promise<TopologyReport> => {
  const { topology, minutes, say } = run;
  say(`\n${topology}: starting NATS, Postgres, five services (two orchestrators, two workers) and the front`);
  const chaos = await startChaosSystem({ topology, minutes, say });
  try {
    return await faultsUnderLoad(run, chaos);
  } finally {
    say(`${topology}: stopping everything`);
    await chaos.stop();
  }
};

/** Faults and load draw from chances of their own: how fast the load goes must not change which faults come. */
const chanceFor = (run: Run, what: string): Chance =>
  new Chance(createHash('sha256').update(`${run.seed} ${run.topology} ${what}`).digest().readUInt32BE());

const faultsUnderLoad = async (run: Run, chaos: ChaosSystem): Promise<TopologyReport> => {
  const { topology, minutes, say, rate, faultsPerMinute, signal } = run;
  const tally = new Tally();
  const keeper = new Keeper(chaos.system.processes, say);
  const load = new Load(chaos, tally, { chance: chanceFor(run, 'load'), rate });
  const chance = chanceFor(run, 'faults');
  const makers = new Faults({ chaos, keeper, chance, minutes });
  const faults = new FaultRun({ make: (kind) => makers.of(kind), tally, chance, perMinute: faultsPerMinute, say });
  tally.faultsOn = () => faults.on;
  const checkpoints = new CheckpointWatch(chaos.direct.databaseUrl);
  keeper.begin();
  // What ends from then on does so because it is told to.
  signal.addEventListener('abort', () => void keeper.end(), { once: true });
  await load.begin();
  await pause(WARM_UP_MS, undefined, { signal });
  const beganAtMs = performance.now();
  const progress = setInterval(() => say(progressLine(tally)), PROGRESS_EVERY_MS);
  const running = faults.run();
  try {
    await pause(minutes * 60_000, undefined, { signal });
  } finally {
    say(`${topology}: no more faults; ${tally.acknowledged} commands acknowledged so far`);
    clearInterval(progress);
    await faults.end();
    await running;
    await load.end(signal.aborted ? 0 : ANSWERS_MS);
  }
  const seconds = (performance.now() - beganAtMs) / 1_000;
  const allUp = await keeper.allUp(ALL_UP_MS);
  await keeper.end();
  say(`${topology}: checking`);
  const check = await unlessAborted(judge(chaos, load, checkpoints), signal).finally(() => checkpoints.stop());
  const of = (name: PromiseName, count: 'checked' | 'violations'): number =>
    check.promises.find(({ promise }) => promise === name)?.[count] ?? 0;
  return {
    topology,
    seconds: Math.round(seconds),
    faults: FAULT_KINDS.flatMap((kind) => {
      const count = faults.counts.get(kind);
      return count ? [{ kind, ...count }] : [];
    }),
    faultProblems: faults.problems,
    acknowledged: tally.acknowledged,
    unanswered: tally.unanswered,
    refusals: Object.fromEntries(tally.refusals),
    repeats: Object.fromEntries(tally.repeats),
    lost: of('acknowledged', 'violations'),
    doubled: of('counted-once', 'violations') + of('commands-once', 'violations') + tally.answeredTwice.length,
    answeredTwice: tally.answeredTwice,
    executions: of('liveness', 'checked'),
    commits: of('chain', 'checked'),
    effects: chaos.sink.done.length,
    longestStall: tally.longestStall,
    endedByThemselves: Object.fromEntries(keeper.endedByThemselves),
    allUp,
    check,
  };
};

/** A verdict over a long log takes minutes; who interrupts it does not wait for it. */
const unlessAborted = <T>(verdict: Promise<T>, signal: AbortSignal): Promise<T> => {
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new Error('interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([verdict, aborted]);
};

const progressLine = ({ startedAtMs, acknowledged, inFlight }: Tally): string => {
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
  return `${String(seconds).padStart(5)} s  ${acknowledged} commands acknowledged, ${inFlight} in flight`;
};
