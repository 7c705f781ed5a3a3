import { z } from 'zod';

/** The names that definitions, callers and workers give to things, and how long each may be. */

/** Control characters and half surrogate pairs cannot stand in Postgres text, where two names would become one. */
const NAME_CHARACTERS = /^[^\p{Cc}\p{Cs}]*$/u;
export const workflowNameSchema = z
  .string()
  .min(1)
  .max(80)
  .refine((name) => NAME_CHARACTERS.test(name), { error: 'must not hold control characters or half surrogate pairs' })
  .refine((name) => name !== '.' && name !== '..', { error: 'must not be a step of a path' });

export const LABELS_MAX = 50;
export const labelsSchema = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, { error: `must be at most ${LABELS_MAX} labels` });

/** Error names and causes as AWS Step Functions bounds them (characters). */
export const errorNameSchema = z.string().max(256);
export const CAUSE_CHARS_MAX = 32_768;
export const causeSchema = z.string().max(CAUSE_CHARS_MAX);

/** A name as AWS gives executions one; it belongs to a workflow, and may hold what no execution id can. */
export const executionNameSchema = z
  .string()
  .regex(/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}]{1,80}$/u, 'must be 1 to 80 characters, none of them special');

/**
 * Path of a frame in the tree: `0` is the root; Parallel branches and Map iterations add `.<n>`. A frame that fans out
 * again goes on counting, so an id names one frame of an execution for good.
 */
export const frameIdSchema = z.string().regex(/^0(\.[0-9]+)*$/);
export const stateNameSchema = z.string().min(1).max(80);
