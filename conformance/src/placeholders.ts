import type { Json } from '@throughline/contracts';

/**
 * AWS's recorder replaced volatile values by tokens. In what is expected, a placeholder stands for any string, and the
 * same placeholder for the same string everywhere in its case.
 */

/** What each placeholder has been found to stand for so far. */
export type Bindings = ReadonlyMap<string, string>;
export const NO_BINDINGS: Bindings = new Map();

/** Whole tokens, recognised inside longer strings too. */
const TOKEN = /<[A-Za-z0-9_:./ -]+>|__[A-Za-z0-9_:./-]+?__|snf_role_arn/;
/** Words that are placeholders where they are the whole string, or a whole string of JSON text within one. */
const BARE_WORDS = ['date', 'timestamp'] as const;

/** Which strings of a case are placeholders. */
export interface Placeholders {
  /** The parts of an expected string in order: literal text and placeholders. */
  readonly split: (expected: string) => readonly Part[];
}
export interface Part {
  readonly kind: 'literal' | 'placeholder';
  readonly text: string;
}

/** `given`: the input and the outcomes. A bare word that they hold as a string is no placeholder in this case. */
export const placeholdersOf = (given: readonly Json[]): Placeholders => {
  const words = BARE_WORDS.filter((word) => !given.some((value) => holdsString(value, word)));
  const inText = words.map((word) => `(?<=")${word}(?="|\\\\")`);
  const inside = new RegExp(`(${[TOKEN.source, ...inText].join('|')})`);
  return {
    split: (expected) => {
      if (words.some((word) => word === expected)) return [{ kind: 'placeholder', text: expected }];
      // Splitting by a pattern with a group keeps what the group matched, at every second place.
      return expected
        .split(inside)
        .map((text, index): Part => ({ kind: index % 2 === 1 ? 'placeholder' : 'literal', text }))
        .filter(({ text }) => text !== '');
    },
  };
};

const holdsString = (value: Json, word: string): boolean => {
  if (typeof value === 'string') return value === word;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part: Json) => holdsString(part, word));
};

/** Steps that are taken before a string counts as another one: a recording's own text needs a few hundred. */
const STEPS_MAX = 100_000;

/** What the placeholders of an expected string stand for, beside what is known already; undefined where they cannot. */
export const bind = (parts: readonly Part[], actual: string, known: Bindings): Bindings | undefined => {
  let steps = 0;
  /** The shortest that fits is tried first, as far as the rest of the string then fits too. */
  const from = (index: number, at: number, bound: Bindings): Bindings | undefined => {
    const part = parts[index];
    if (!part) return at === actual.length ? bound : undefined;
    const text = part.kind === 'literal' ? part.text : bound.get(part.text);
    if (text !== undefined) return actual.startsWith(text, at) ? from(index + 1, at + text.length, bound) : undefined;
    const next = parts[index + 1];
    if (!next) return new Map(bound).set(part.text, actual.slice(at));
    // Only where what stands behind it is known can the placeholder end.
    const behind = next.kind === 'literal' ? next.text : (bound.get(next.text) ?? '');
    for (
      let end = actual.indexOf(behind, at);
      end >= 0;
      end = behind === '' ? end + 1 : actual.indexOf(behind, end + 1)
    ) {
      if (end > actual.length || (steps += 1) > STEPS_MAX) return undefined;
      const found = from(index + 1, end, new Map(bound).set(part.text, actual.slice(at, end)));
      if (found) return found;
    }
    return undefined;
  };
  return from(0, 0, known);
};

/** How many of its placeholders are not known yet: a string with fewer is the safer one to learn from. */
export const unknownIn = (parts: readonly Part[], known: Bindings): number =>
  new Set(parts.filter(({ kind, text }) => kind === 'placeholder' && !known.has(text)).map(({ text }) => text)).size;
