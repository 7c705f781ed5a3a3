import { parseMachine, readDefinitionText } from '@throughline/asl';
import type { Json, JsonObject } from '@throughline/contracts';
import { canonicalHash } from '@throughline/execution';
import { Chance } from './chance.ts';
import { problemsOfFaults } from './checks.ts';
import { intrinsicAt, jsonataAt, pathAt } from './compose-expression.ts';
import { mutatedJson } from './mutate-json.ts';
import { mutatedText } from './mutate-text.ts';
import { runMachine } from './run-machine.ts';
import { MACHINES } from './seed-machines.ts';
import { Stopwatch } from './stopwatch.ts';
import { asYaml } from './write-yaml.ts';

/** How often each is drawn, in every 20. */
const KINDS = {
  /** A definition changed as data: names, values, places. */
  definition: 5,
  /** Its text, JSON or YAML, changed as text. */
  text: 3,
  /** Expressions in a small machine, changed as text. */
  path: 3,
  intrinsic: 3,
  jsonata: 6,
} as const;
export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[]; // the keys are those of the object above

export interface Verdict {
  /** Run: valid, and run for some rounds. */
  readonly outcome: 'run' | 'refused';
  /** What must not be. */
  readonly problems: readonly string[];
  readonly slowest: Stopwatch['slowest'];
}

export interface FuzzCase {
  readonly kind: Kind;
  /** What is given to the product. */
  readonly given: Json;
  readonly judge: () => Verdict;
}

/** What the cases are a function of. */
export interface Draw {
  readonly seed: number;
  /** Only cases of this kind. */
  readonly kind: Kind | undefined;
}

/** The same case for the same numbers, in every process. */
export const fuzzCase = ({ seed, kind: only }: Draw, number: number): FuzzCase => {
  const chance = new Chance(seed, number);
  const drawn = kindAt(chance.below(Object.values(KINDS).reduce((sum, share) => sum + share, 0)));
  const kind = only ?? drawn;
  const given = givenFor(kind, chance);
  return { kind, given, judge: () => judged(given, kind, new Chance(seed ^ 0x5bd1e995, number)) };
};

const kindAt = (drawn: number): Kind => {
  let left: number = drawn;
  for (const kind of KIND_NAMES) {
    left -= KINDS[kind];
    if (left < 0) return kind;
  }
  return 'definition';
};

const givenFor = (kind: Kind, chance: Chance): Json => {
  switch (kind) {
    case 'definition':
      return mutatedJson(chance.pick(MACHINES), chance, 5);
    case 'text': {
      const machine = mutatedJson(chance.pick(MACHINES), chance, 1);
      return mutatedText(chance.oneIn(3) ? JSON.stringify(machine, null, 2) : asYaml(machine), chance);
    }
    case 'path':
      return withPath(mutatedText(pathAt(chance), chance), chance);
    case 'intrinsic':
      return around({ Type: 'Pass', Parameters: { 'x.$': mostlyWhole(intrinsicAt(chance), chance) } });
    case 'jsonata':
      return withJsonata(`{% ${mostlyWhole(jsonataAt(chance), chance)} %}`, chance);
  }
};

/** Spoiled text is refused at once; evaluating is what has to be bounded. */
const mostlyWhole = (text: string, chance: Chance): string => (chance.oneIn(2) ? text : mutatedText(text, chance));

const around = (state: JsonObject, language: 'JSONPath' | 'JSONata' = 'JSONPath'): JsonObject => ({
  QueryLanguage: language,
  StartAt: 'Orders',
  States: {
    Orders: { Type: 'Pass', Assign: { orders: { items: [{ price: 2 }] } }, Next: 'A' },
    A: { ...state, ...(state['Type'] === 'Choice' ? { Default: 'Z' } : { Next: 'Z' }) },
    Z: { Type: 'Succeed' },
  },
});

const withPath = (path: string, chance: Chance): JsonObject =>
  around(
    chance.pick<JsonObject>([
      { Type: 'Pass', Parameters: { 'x.$': path } },
      { Type: 'Pass', InputPath: path },
      { Type: 'Pass', OutputPath: path },
      { Type: 'Pass', ResultPath: path, Result: [1] },
      { Type: 'Pass', Assign: { 'x.$': path } },
      { Type: 'Choice', Choices: [{ Variable: path, StringEqualsPath: path, Next: 'Z' }] },
      { Type: 'Wait', SecondsPath: path },
      {
        Type: 'Map',
        ItemsPath: path,
        ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
      },
    ]),
  );

const withJsonata = (expression: string, chance: Chance): JsonObject =>
  around(
    chance.pick<JsonObject>([
      { Type: 'Pass', Output: expression },
      { Type: 'Pass', Output: { a: [expression, 'plain'] } },
      { Type: 'Pass', Assign: { x: expression }, Output: '{% $states.input %}' },
      { Type: 'Choice', Choices: [{ Condition: expression, Next: 'Z' }] },
      { Type: 'Wait', Seconds: expression },
      {
        Type: 'Map',
        Items: expression,
        ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
      },
    ]),
    'JSONata',
  );

const judged = (given: Json, kind: Kind, chance: Chance): Verdict => {
  const watch = new Stopwatch();
  const problems: string[] = [];
  let outcome: Verdict['outcome'] = 'refused';
  try {
    const read = kind === 'text' ? readText(given, watch) : { definition: given };
    const { definition } = read;
    if (definition === undefined) problems.push(...problemsOfFaults(null, read.faults ?? []));
    else {
      const parsed = watch.time('validating', () => parseMachine(definition));
      if (!parsed.ok) problems.push(...problemsOfFaults(definition, parsed.faults));
      else {
        outcome = 'run';
        const machine = { name: 'fuzz', version: 1, hash: canonicalHash(definition), machine: parsed.machine };
        problems.push(...runMachine(machine, chance, watch));
      }
    }
  } catch (thrown) {
    problems.push(`thrown: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
  }
  return { outcome, problems, slowest: watch.slowest };
};

const readText = (text: Json, watch: Stopwatch) => {
  const read = watch.time('reading', () => readDefinitionText(String(text)));
  return read.ok ? { definition: read.definition } : { faults: read.faults };
};
