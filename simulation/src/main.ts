import { join } from 'node:path';
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { judgeMutants, judgeUnitSpecs } from './judge-mutants.ts';
import { readProgress, writeProgress } from './progress-file.ts';
import { REGRESSION_SEEDS } from './regression-seeds.ts';
import type { SeedResult } from './run-seed.ts';
import { runSeeds } from './run-seeds.ts';

const EXIT = { nothingFound: 0, found: 1, usage: 2 } as const;
const PROGRESS_EVERY = 500;
const SAVE_EVERY = 50;
const VIOLATIONS_SHOWN = 6;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const main = async (): Promise<number> => {
  const args = parseArguments(process.argv.slice(2));
  if (!args) {
    tell(USAGE);
    return EXIT.usage;
  }
  if (args.mutants) {
    const judge = args.unitSpecs ? judgeUnitSpecs : judgeMutants;
    return (await judge(args, say)) ? EXIT.nothingFound : EXIT.found;
  }
  return simulate(args);
};

function* seedsOf(from: number, count: number): Generator<number> {
  yield* REGRESSION_SEEDS;
  for (let seed = from; seed < from + count; seed += 1) yield seed;
}

const simulate = async ({ seeds, from, threads, json }: Arguments): Promise<number> => {
  const file = join(process.env['THROUGHLINE_HOME'] ?? '.throughline', 'simulation.json');
  const before = readProgress(file);
  const first = from ?? before.nextSeed;
  const resumes = first === before.nextSeed;
  const failed: SeedResult[] = [];
  const totals = { seeds: 0, commits: 0, executions: 0, events: 0, virtualMs: 0 };
  const done = new Set<number>();
  let next = first;
  const save = (): void => {
    while (done.delete(next)) next += 1;
    if (!resumes) return;
    const all = [...new Set([...before.failed, ...failed.map(({ seed }) => seed)])];
    writeProgress(file, { nextSeed: next, seedsRun: before.seedsRun + next - first, failed: all });
  };
  const startedMs = performance.now();
  if (!json)
    say(`seeds ${first} to ${first + seeds - 1}${resumes && first > 1 ? `, after ${before.seedsRun} before` : ''}`);
  const hear = (result: SeedResult): void => {
    done.add(result.seed);
    totals.seeds += 1;
    for (const key of ['commits', 'executions', 'events', 'virtualMs'] as const) totals[key] += result[key];
    if (result.violations.length > 0) {
      failed.push(result);
      if (!json) show(result);
    }
    if (totals.seeds % SAVE_EVERY === 0) save();
    if (totals.seeds % PROGRESS_EVERY === 0) tell(`${totals.seeds} of ${seeds}, ${failed.length} with violations`);
  };
  await runSeeds({ seeds: seedsOf(first, seeds), threads, hear });
  save();
  const seconds = (performance.now() - startedMs) / 1_000;
  if (json) say(JSON.stringify({ first, ...totals, seconds, failed }));
  else {
    say(
      `${totals.seeds} seeds in ${seconds.toFixed(0)} s (${(totals.seeds / seconds).toFixed(1)}/s): ${totals.executions} executions, ` +
        `${totals.commits} commits, ${totals.events} events, ${(totals.virtualMs / 3_600_000).toFixed(0)} hours of their time; ` +
        `${failed.length} with violations`,
    );
  }
  return failed.length === 0 ? EXIT.nothingFound : EXIT.found;
};

const show = ({ seed, violations }: SeedResult): void => {
  say(`✗ seed ${seed}: npm run simulate -- --seeds 1 --from ${seed}`);
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) say(`    ${violation}`);
};

process.exitCode = await main();
