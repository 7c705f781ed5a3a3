import { refuse } from './refused.ts';

/** Where the next page begins, opaque to callers: the sort key of the last row they saw. */
export const writeCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

type Part = 'text' | 'number';
const NUMBER = /^\d{1,9}$/;

/** Postgres takes no U+0000 in text and no more than nine digits in every integer column. */
const fits = (part: unknown, shape: Part | undefined): part is string =>
  typeof part === 'string' && (shape === 'number' ? NUMBER.test(part) : shape === 'text' && !part.includes('\0'));

/** Undefined without a cursor; a made-up one is the caller's error. */
export const readCursor = (cursor: string | undefined, shape: readonly Part[]): readonly string[] | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.length === shape.length && key.every((part, i) => fits(part, shape[i]))) return key;
  } catch {
    // Falls through: not ours.
  }
  return refuse('TL0001', 'cursor is not one that this route gave out; leave it out to begin at the first page');
};
