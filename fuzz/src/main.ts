import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { type Draw, fuzzCase, KIND_NAMES } from './fuzz-case.ts';
import { type Finding, noTotals, type Totals } from './judge-cases.ts';
import { judgeInThread, type ThreadMessage } from './watched-thread.ts';

const EXIT = { nothingFound: 0, found: 1, usage: 2 } as const;
const SHOWN_CHARS = 4_000;
const PROGRESS_EVERY = 10_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const main = async (): Promise<number> => {
  const args = parseArguments(process.argv.slice(2));
  if (!args) {
    process.stderr.write(`${USAGE}\n`);
    return EXIT.usage;
  }
  return args.only === undefined ? fuzz(args) : showCase(args, args.only);
};

const showCase = (draw: Draw, number: number): number => {
  const { kind, given, judge } = fuzzCase(draw, number);
  say(`case ${number} of seed ${draw.seed}, ${kind}:`);
  say((typeof given === 'string' ? given : JSON.stringify(given)).slice(0, SHOWN_CHARS));
  const { outcome, problems, slowest } = judge();
  say(`${outcome}; longest call: ${slowest.what}, ${slowest.ms.toFixed(1)} ms`);
  problems.forEach(say);
  return problems.length === 0 ? EXIT.nothingFound : EXIT.found;
};

const fuzz = async ({ count, ...draw }: Arguments): Promise<number> => {
  const { seed } = draw;
  const only = draw.kind === undefined ? '' : ` --kind ${draw.kind}`;
  say(`seed ${seed}, ${count} cases`);
  const startedMs = performance.now();
  const totals = noTotals();
  let found = 0;
  let judged = 0;
  const tell = ({ number, kind, problem }: Finding): void => {
    found += 1;
    say(
      `✗ case ${number} (${kind}): ${problem.slice(0, SHOWN_CHARS)}\n  npm run fuzz -- --seed ${seed}${only} --case ${number}`,
    );
  };
  const hear = (message: ThreadMessage): void => {
    if (message.kind === 'finding') return tell(message.finding);
    const before = judged;
    judged += add(totals, message.totals);
    if (Math.floor(before / PROGRESS_EVERY) !== Math.floor(judged / PROGRESS_EVERY)) {
      process.stderr.write(`${judged} of ${count}\n`);
    }
  };
  let from = 0;
  while (from < count) {
    const stuck = await judgeInThread(draw, from, count, hear);
    if (!stuck) break;
    tell({ ...stuck, kind: fuzzCase(draw, stuck.number).kind });
    from = stuck.number + 1;
  }
  tableOf(totals).forEach(say);
  say(`${count} cases in ${Math.round((performance.now() - startedMs) / 1_000)} s, ${found} findings (seed ${seed})`);
  return found === 0 ? EXIT.nothingFound : EXIT.found;
};

/** Gives how many cases were added. */
const add = (totals: Totals, more: Totals): number => {
  let added = 0;
  for (const kind of KIND_NAMES) {
    const { run, refused, slowest } = more[kind];
    totals[kind].run += run;
    totals[kind].refused += refused;
    if (slowest.ms > totals[kind].slowest.ms) totals[kind].slowest = slowest;
    added += run + refused;
  }
  return added;
};

const tableOf = (totals: Totals): readonly string[] => [
  `${'kind'.padEnd(12)}${'run'.padStart(8)}${'refused'.padStart(9)}   longest call`,
  ...KIND_NAMES.map((kind) => {
    const { run, refused, slowest } = totals[kind];
    const longest = `${slowest.ms.toFixed(0)} ms (${slowest.what}, case ${slowest.number})`;
    return `${kind.padEnd(12)}${String(run).padStart(8)}${String(refused).padStart(9)}   ${longest}`;
  }),
];

process.exitCode = await main();
