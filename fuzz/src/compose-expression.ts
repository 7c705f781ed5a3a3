import type { Chance } from './chance.ts';
import { INTRINSICS, JSONATA, PATHS } from './seed-expressions.ts';

/** Expressions made of expressions: valid ones mostly, so that evaluating them is what is tried. */

type Compose = (a: string, b: string, chance: Chance) => string;

const COUNTS: readonly [string, ...string[]] = ['3', '3', '3', '100', '100', '100', '1000', '10000000'];

const JSONATA_FORMS: readonly [Compose, ...Compose[]] = [
  (a, b) => `(${a}) & (${b})`,
  (a, b) => `[${a}, ${b}]`,
  (a, b) => `(${a}).(${b})`,
  (a, b) => `(${a})[${b}]`,
  (a, b) => `{"a": ${a}, "b": ${b}}`,
  (a, b) => `$map(${a}, function($v, $i) { ${b} })`,
  (a, b) => `(${a}) ? (${b}) : $v`,
  (a, b) => `($v := ${a}; ${b})`,
  (a, b) => `(${a}) = (${b})`,
  (a, b) => `(${a}) ~> $append(${b})`,
  (a, b) => `(${a})^(${b})`,
  (a, b) => `(${a}){ $string(${b}): $ }`,
  (a, b, chance) => `[1..${chance.oneIn(9) ? '10000' : chance.pick(COUNTS)}].(${a}; ${b})`,
  (a, b, chance) => `($f := function($x) { $x > ${chance.pick(COUNTS)} ? ${a} : $append($f($x + 1), ${b}) }; $f(0))`,
  (a, _b, chance) => `$pad($string(${a}), ${chance.pick(COUNTS)})`,
  (a, b, chance) => `$reduce([1..${chance.pick(COUNTS)}], function($x, $y) { $x & $string(${a}) }, ${b})`,
  (a) => `$eval($string(${a}))`,
  (a) => `(${a}).**`,
  (a) => `$string($string($string(${a})))`,
];

const INTRINSIC_FORMS: readonly [Compose, ...Compose[]] = [
  (a, b) => `States.Array(${a}, ${b})`,
  (a, b) => `States.Format('{}-{}', ${a}, ${b})`,
  (a) => `States.JsonToString(${a})`,
  (a) => `States.StringToJson(States.JsonToString(${a}))`,
  (a, b) => `States.ArrayContains(States.Array(${a}), ${b})`,
  (a) => `States.ArrayUnique(States.Array(${a}, ${a}))`,
  (a, _b, chance) => `States.ArrayGetItem(${a}, ${chance.below(5)})`,
  (a) => `States.Hash(${a}, 'MD5')`,
  (a) => `States.Base64Decode(States.Base64Encode(${a}))`,
];

const composed = (
  seeds: readonly [string, ...string[]],
  forms: readonly [Compose, ...Compose[]],
  chance: Chance,
  depth: number,
): string => {
  if (depth === 0 || chance.oneIn(3)) return chance.pick(seeds);
  const part = (): string => composed(seeds, forms, chance, depth - 1);
  return chance.pick(forms)(part(), part(), chance);
};

export const pathAt = (chance: Chance): string => chance.pick(PATHS);

export const intrinsicAt = (chance: Chance): string =>
  composed([...INTRINSICS, '$.a', "'x'", '7'], INTRINSIC_FORMS, chance, chance.below(4));

export const jsonataAt = (chance: Chance): string => composed(JSONATA, JSONATA_FORMS, chance, chance.below(4));
