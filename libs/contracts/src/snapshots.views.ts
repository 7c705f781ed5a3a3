import { z } from 'zod';
import { executionStatusSchema } from './execution.events.ts';
import { executionIdSchema, instantSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import { jsonPatchSchema } from './json-patch.ts';
import { pendingStepSchema } from './run-state.views.ts';

/** Answers about an execution as it was. */

export const SNAPSHOT_TYPES = ['checkpoint', 'before_step', 'after_step'] as const;
export type SnapshotType = (typeof SNAPSHOT_TYPES)[number];

/** A state that is kept: at fixed places, or where somebody asked for it. */
export const snapshotViewSchema = z.strictObject({
  /** `<type>-<version>.<event>` */
  id: z.string(),
  executionId: executionIdSchema,
  type: z.enum(SNAPSHOT_TYPES),
  reason: z.enum(['every_n', 'pause', 'end', 'requested']),
  /** Commits that are in it whole. */
  version: z.int().nonnegative(),
  /** Events of the next commit that are in it too: a step begins and ends within a commit. */
  event: z.int().nonnegative(),
  /** When the last command in it was decided. */
  at: instantSchema,
  status: z.union([executionStatusSchema, z.literal('none')]),
  /** What it stands before or after. */
  step: z.strictObject({ state: z.string(), frame: z.string(), visit: z.int() }).nullable(),
  steps: z.strictObject({
    /** Names of the states left at least once. */
    completed: z.array(z.string()),
    pending: z.array(pendingStepSchema),
    failed: z.array(pendingStepSchema),
    /** Left out of the three lists. */
    more: z.int().nonnegative(),
  }),
  rules: z.int(),
  stateHash: z.string(),
  /** Of the state as JSON text. */
  bytes: z.int(),
});
export type SnapshotView = z.infer<typeof snapshotViewSchema>;

/** With the commit on the log that it stands at or in: what is kept of it beside the state. */
export const snapshotFactsSchema = snapshotViewSchema.extend({ seq: z.int(), commitDigest: z.string() });
export type SnapshotFacts = z.infer<typeof snapshotFactsSchema>;

/** A snapshot that was not what its hash says, or not of this log: thrown away and made again from the log. */
export const replacedSnapshotSchema = z.strictObject({ id: z.string(), problem: z.string() });
export type ReplacedSnapshot = z.infer<typeof replacedSnapshotSchema>;

const replaced = z.array(replacedSnapshotSchema);

export const stateViewSchema = z.strictObject({
  executionId: executionIdSchema,
  /** The commit that it is the state after. */
  at: z.int(),
  /** Commits in the history. */
  of: z.int(),
  /** sha256 of the state's RFC 8785 form. */
  stateHash: z.string(),
  state: jsonSchema,
  /** Where folding began: after the commit of a snapshot; 0: at the start. */
  foldedFrom: z.int().nonnegative(),
  replaced,
});
export type StateView = z.infer<typeof stateViewSchema>;

const endSchema = z.strictObject({ at: z.int(), stateHash: z.string() });
export const stateDiffViewSchema = z.strictObject({
  executionId: executionIdSchema,
  from: endSchema,
  to: endSchema,
  of: z.int(),
  /** Turns the state at `from` into the one at `to`. */
  patch: jsonPatchSchema,
  replaced,
});
export type StateDiffView = z.infer<typeof stateDiffViewSchema>;

/** Bounded per execution, so there is no next page. */
export const snapshotListSchema = z.strictObject({ items: z.array(snapshotViewSchema), replaced });
export type SnapshotList = z.infer<typeof snapshotListSchema>;

export const keptStateSchema = z.strictObject({ snapshot: snapshotViewSchema, state: jsonSchema, replaced });
export type KeptState = z.infer<typeof keptStateSchema>;
