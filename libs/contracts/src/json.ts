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

/** Ends a switch over a discriminated union: a new member then fails to compile, and a forged one throws. */
export const assertNever = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};
