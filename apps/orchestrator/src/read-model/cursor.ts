import { refuse } from '@throughline/service-host';

/** Where the next page begins, opaque to callers: the sort key of the last row they saw. */
export const writeCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** Undefined without a cursor; a made-up one is the caller's error. */
export const readCursor = (cursor: string | undefined, parts: number): readonly string[] | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.length === parts && key.every((part) => typeof part === 'string')) return key;
  } catch {
    // Falls through: not ours.
  }
  return refuse('TL0001', 'cursor is not one that this route gave out; leave it out to begin at the first page');
};
