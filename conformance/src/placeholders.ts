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

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** What the placeholders of an expected string stand for, beside what is known already; undefined where they cannot. */
export const bind = (parts: readonly Part[], actual: string, known: Bindings): Bindings | undefined => {
  const groups = new Map<string, number>();
  let pattern = '';
  for (const { kind, text } of parts) {
    const value = kind === 'literal' ? text : known.get(text);
    const group = groups.get(text);
    if (value !== undefined) pattern += literally(value);
    else if (group !== undefined) pattern += `\\${group}(?:)`;
    else {
      groups.set(text, groups.size + 1);
      pattern += '([\\s\\S]*?)';
    }
  }
  const match = new RegExp(`^${pattern}$`).exec(actual);
  if (!match) return undefined;
  if (groups.size === 0) return known;
  const bound = new Map(known);
  for (const [placeholder, group] of groups) bound.set(placeholder, match[group] ?? '');
  return bound;
};

/** How many of its placeholders are not known yet: a string with fewer is the safer one to learn from. */
export const unknownIn = (parts: readonly Part[], known: Bindings): number =>
  new Set(parts.filter(({ kind, text }) => kind === 'placeholder' && !known.has(text)).map(({ text }) => text)).size;
