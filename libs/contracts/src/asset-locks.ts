import { z } from 'zod';
import { attemptTokenSchema } from './ids.ts';

/** What executions, locks and workers say of a lock in the same words. */

export const ASSET_NAME_CHARS_MAX = 256;
/** Assets that one step may lock at a time. */
export const MUTEX_ASSETS_MAX = 16;
/** Steps that may wait for one asset. */
export const LOCK_QUEUE_MAX = 10_000;

/** Control characters and half surrogate pairs cannot stand in Postgres text, where two names would become one. */
const ASSET_CHARACTERS = /^[^\p{Cc}\p{Cs}]*$/u;
export const isAssetName = (name: string): boolean =>
  name.length > 0 && name.length <= ASSET_NAME_CHARS_MAX && ASSET_CHARACTERS.test(name);
export const assetNameSchema = z.string().refine(isAssetName, {
  error: `must be 1 to ${ASSET_NAME_CHARS_MAX} characters without control characters or half surrogate pairs`,
});

/** `<commit version>.<event index>` of the `LocksRequested` by which a step asked; each of its attempts asks anew. */
export const lockRequestSchema = attemptTokenSchema;
export type LockRequestToken = z.infer<typeof lockRequestSchema>;

/** The version of the lock's commit that granted it: grows with every grant. */
export const fencingTokenSchema = z.int().positive();
/** By asset. */
export const fencingTokensSchema = z.record(assetNameSchema, fencingTokenSchema);
export type FencingTokens = z.infer<typeof fencingTokensSchema>;
