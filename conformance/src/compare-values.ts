import { isJsonObject, type Json } from '@throughline/contracts';
import { bind, type Bindings, type Part, type Placeholders, unknownIn } from './placeholders.ts';

/** The first place where two values differ. */
export interface Difference {
  /** Where, as in `output.items[0].id`. */
  readonly place: string;
  readonly expected: string;
  readonly actual: string;
}

export type Compared =
  { readonly equal: true; readonly bindings: Bindings } | { readonly equal: false; readonly difference: Difference };

/** A pair of strings that are equal only if their placeholders can be bound. */
interface OpenPair {
  readonly place: string;
  readonly expected: string;
  readonly parts: readonly Part[];
  readonly actual: string;
}

/** By value: the order of an object's keys means nothing. */
export const compareValues = (
  place: string,
  expected: Json,
  actual: Json | undefined,
  placeholders: Placeholders,
  bindings: Bindings,
): Compared => {
  const open: OpenPair[] = [];
  const difference = differenceIn(place, expected, actual, placeholders, open);
  return difference ? { equal: false, difference } : bindAll(open, bindings);
};

/** The strings with the fewest unknown placeholders first, so that what they teach decides the ambiguous ones. */
const bindAll = (open: readonly OpenPair[], bindings: Bindings): Compared => {
  const left = [...open];
  let known = bindings;
  while (left.length > 0) {
    left.sort((a, b) => unknownIn(a.parts, known) - unknownIn(b.parts, known));
    const pair = left.shift();
    if (!pair) break;
    const bound = bind(pair.parts, pair.actual, known);
    if (!bound) {
      const { place, expected, actual } = pair;
      return { equal: false, difference: { place, expected: shown(expected), actual: shown(actual) } };
    }
    known = bound;
  }
  return { equal: true, bindings: known };
};

const differenceIn = (
  place: string,
  expected: Json,
  actual: Json | undefined,
  placeholders: Placeholders,
  open: OpenPair[],
): Difference | undefined => {
  const different = { place, expected: shown(expected), actual: shown(actual) };
  if (typeof expected === 'string') {
    if (typeof actual !== 'string') return different;
    const parts = placeholders.split(expected);
    if (parts.every(({ kind }) => kind === 'literal')) return expected === actual ? undefined : different;
    open.push({ place, expected, parts, actual });
    return undefined;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return different;
    if (expected.length !== actual.length) {
      return { place, expected: `${expected.length} items`, actual: `${actual.length} items: ${shown(actual)}` };
    }
    return firstOf(expected.entries(), ([index, item]) =>
      differenceIn(`${place}[${index}]`, item, actual[index] as Json, placeholders, open),
    );
  }
  if (isJsonObject(expected)) {
    if (!isJsonObject(actual)) return different;
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return firstOf(keys, (key) => {
      const [mine, theirs] = [own(expected, key), own(actual, key)];
      if (mine === undefined) return { place: `${place}.${key}`, expected: 'nothing', actual: shown(theirs) };
      if (theirs === undefined) return { place: `${place}.${key}`, expected: shown(mine), actual: 'nothing' };
      return differenceIn(`${place}.${key}`, mine, theirs, placeholders, open);
    });
  }
  return Object.is(expected, actual) || expected === actual ? undefined : different;
};

const own = (value: { readonly [key: string]: Json }, key: string): Json | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const firstOf = <T>(items: Iterable<T>, look: (item: T) => Difference | undefined): Difference | undefined => {
  for (const item of items) {
    const difference = look(item);
    if (difference) return difference;
  }
  return undefined;
};

const SHOWN_MAX = 240;
export const shown = (value: Json | undefined): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
};

/** A string that is JSON text stands for what it says. */
export const parsedText = (value: Json | undefined): Json | undefined => {
  if (typeof value !== 'string') return value;
  try {
    // JSON.parse gives JSON.
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
};
