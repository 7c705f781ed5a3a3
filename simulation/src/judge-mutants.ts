import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Arguments } from './arguments.ts';
import { withFault } from './mutant-hook.ts';
import { type Mutant, MUTANTS } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';
import { foundByUnitSpecs } from './unit-specs.ts';

interface Verdict {
  readonly mutant: Mutant;
  readonly seedsRun: number;
  /** What the first seed that found it says; undefined: nothing was found. */
  readonly caught: string | undefined;
}

const SHOWN_CHARS = 110;
const FIRST_SEED = 1;
/** So many at least are beyond the specs of single modules: that is what the simulation is for. */
const SURVIVORS_MIN = 20;
const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

/** Every planted fault on its own, until a seed finds it; true where each was found. */
export const judgeMutants = async (
  { seeds, threads, json, only }: Arguments,
  say: (line: string) => void,
): Promise<boolean> => {
  const mutants = chosen(only);
  const verdicts: Verdict[] = [];
  const left = [...mutants];
  const judge = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const verdict = await judgeMutant(mutant, seeds);
      verdicts.push(verdict);
      if (!json) say(lineOf(verdict));
    }
  };
  await Promise.all(Array.from({ length: threads }, judge));
  const missed = verdicts.filter(({ caught }) => caught === undefined);
  if (json) say(JSON.stringify(verdicts.map(({ mutant, ...found }) => ({ name: mutant.name, ...found }))));
  else say(`${verdicts.length - missed.length} of ${verdicts.length} planted faults were caught`);
  return missed.length === 0;
};

/** Which of them survive the specs of the library that they are planted in; true where enough do. */
export const judgeUnitSpecs = async ({ json, only }: Arguments, say: (line: string) => void): Promise<boolean> => {
  const found: { name: string; spec: string | undefined }[] = [];
  for (const mutant of chosen(only)) {
    const spec = await foundByUnitSpecs(mutant);
    found.push({ name: mutant.name, spec });
    if (!json) say(`${spec === undefined ? 'survives' : 'found   '}  ${mutant.name.padEnd(34)} ${spec ?? ''}`);
  }
  const survivors = found.filter(({ spec }) => spec === undefined).length;
  if (json) say(JSON.stringify(found));
  else say(`${survivors} of ${found.length} planted faults survive the pure specs of their libraries`);
  return only.length > 0 || survivors >= SURVIVORS_MIN;
};

/** All of them are looked for before the first one is tried: code that has moved on shows at once. */
const chosen = (only: readonly string[]): readonly Mutant[] => {
  for (const mutant of MUTANTS) withFault(mutant, readFileSync(`${CHECKOUT}${mutant.file}`, 'utf8'));
  return only.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => only.includes(name));
};

const judgeMutant = async (mutant: Mutant, seeds: number): Promise<Verdict> => {
  let seedsRun = 0;
  let caught: string | undefined;
  await runSeeds({
    seeds: Array.from({ length: seeds }, (_each, index) => FIRST_SEED + index),
    threads: 1,
    mutant: mutant.name,
    enough: () => caught !== undefined,
    hear: ({ seed, violations }) => {
      seedsRun += 1;
      if (violations[0] !== undefined) caught ??= `seed ${seed}: ${violations[0]}`;
    },
  });
  return { mutant, seedsRun, caught };
};

const lineOf = ({ mutant, seedsRun, caught }: Verdict): string =>
  `${caught === undefined ? 'MISSED' : 'caught'}  ${mutant.name.padEnd(34)} ${String(seedsRun).padStart(4)} seeds  ${shown(caught ?? mutant.breaks)}`;

const shown = (text: string): string => (text.split('\n')[0] ?? '').slice(0, SHOWN_CHARS);
