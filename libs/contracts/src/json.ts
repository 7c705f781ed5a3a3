import { z } from 'zod';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * JSON that was already parsed by `JSON.parse`, so walking it again would only cost time: the schema accepts any
 * defined value. Never use it on a value built in this process from something other than JSON text.
 */
export const jsonSchema = z
  .custom<Json>((value) => value !== undefined, { error: 'a JSON value is required' })
  .meta({
    description: 'any JSON value',
  });

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether objects and arrays stand within each other deeper than `depthMax`. Safe where JSON.stringify would run out of stack. */
export const isDeeperThan = (value: Json, depthMax: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return depthMax === 0 || Object.values(value).some((part: Json) => isDeeperThan(part, depthMax - 1));
};

/** What keeps a value from being what its own JSON text gives back. */
export type JsonFlaw = 'too-deep' | 'not-finite' | 'negative-zero';

/**
 * A value in memory can differ from what the log says of it: `1e400` is read as Infinity and written as null, `-0` is
 * written as 0. In one walk with the depth, for it is taken over every command. -0 is named only where nothing is worse.
 */
export const flawIn = (value: Json, depthMax: number = Infinity): JsonFlaw | undefined => {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'not-finite';
    return Object.is(value, -0) ? 'negative-zero' : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthMax === 0) return 'too-deep';
  let found: JsonFlaw | undefined;
  // Object.values gives `any` for an array.
  for (const part of Object.values(value) as readonly Json[]) {
    const flaw = flawIn(part, depthMax - 1);
    if (flaw === 'too-deep' || flaw === 'not-finite') return flaw;
    found ??= flaw;
  }
  return found;
};

export const readBack = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json; // JSON.parse gives nothing else

/**
 * The value as its own JSON text gives it back: the value itself where nothing differs, undefined where it holds a
 * number that has no such text. Its depth has to be bounded.
 */
export const asWritten = (value: Json): Json | undefined => {
  const flaw = flawIn(value);
  if (flaw === undefined) return value;
  return flaw === 'negative-zero' ? readBack(value) : undefined;
};

/** Ends a switch over a discriminated union: a new member then fails to compile, and a forged one throws. */
export const assertNever = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};
