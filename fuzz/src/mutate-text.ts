import type { Chance } from './chance.ts';
import { TOKENS } from './seed-expressions.ts';

/** Texts grow no further than this, except by the one change that makes them large. */
const LENGTH_MAX = 20_000;
const LARGE = 200_000;

const between = (chance: Chance, text: string): readonly [number, number] => {
  const from = chance.below(text.length + 1);
  return [from, Math.min(text.length, from + chance.below(chance.oneIn(4) ? text.length + 1 : 9))];
};

const CHANGES: readonly [Change, ...Change[]] = [
  function inserted(text, chance) {
    const at = chance.below(text.length + 1);
    return text.slice(0, at) + chance.pick(TOKENS) + text.slice(at);
  },
  function cut(text, chance) {
    const [from, to] = between(chance, text);
    return text.slice(0, from) + text.slice(to);
  },
  function doubled(text, chance) {
    const [from, to] = between(chance, text);
    return text.slice(0, to) + text.slice(from);
  },
  function moved(text, chance) {
    const [from, to] = between(chance, text);
    const rest = text.slice(0, from) + text.slice(to);
    const at = chance.below(rest.length + 1);
    return rest.slice(0, at) + text.slice(from, to) + rest.slice(at);
  },
  function replaced(text, chance) {
    const at = chance.below(text.length);
    return text.slice(0, at) + String.fromCharCode(32 + chance.below(96)) + text.slice(at + 1);
  },
  function renumbered(text, chance) {
    const digits = [...text.matchAll(/\d+/g)];
    const found = digits[chance.below(digits.length)];
    if (!found) return text;
    const number = chance.pick(['0', '1', '-1', '999', '100000', '1e9', '4294967296', '0.5', '1e-9']);
    return text.slice(0, found.index) + number + text.slice(found.index + found[0].length);
  },
  function repeated(text, chance) {
    const [from, to] = between(chance, text);
    const length = chance.oneIn(50) ? LARGE : 400;
    const part = text.slice(from, to);
    return part === '' ? text : text.slice(0, from) + part.repeat(Math.ceil(length / part.length)) + text.slice(to);
  },
  function wrapped(text, chance) {
    const [open, close] = chance.pick([
      ['(', ')'],
      ['[', ']'],
      ['{', '}'],
      ['"', '"'],
      ['-', ''],
    ]);
    const times = chance.oneIn(6) ? 1_000 : chance.few(20);
    const [from, to] = between(chance, text);
    return text.slice(0, from) + open.repeat(times) + text.slice(from, to) + close.repeat(times) + text.slice(to);
  },
];

type Change = (text: string, chance: Chance) => string;

export const mutatedText = (text: string, chance: Chance): string => {
  let mutated = text;
  const changes = chance.below(6);
  for (let i = 0; i < changes && mutated.length <= LENGTH_MAX; i += 1) mutated = chance.pick(CHANGES)(mutated, chance);
  return mutated;
};
