import { z } from 'zod';
import { readModelDigestSchema } from './views.ts';

/** `new`: the table was not there before. */
export const TABLE_REBUILT = ['equal', 'different', 'new'] as const;
export type TableRebuilt = (typeof TABLE_REBUILT)[number];

/** Both digests are of the moment of the swap: where they are of one log sequence, a difference is one of the rows. */
export const rebuildReportSchema = z.strictObject({
  service: z.string(),
  /** Null where there were no tables. */
  before: readModelDigestSchema.nullable(),
  after: readModelDigestSchema,
  tables: z.record(z.string(), z.enum(TABLE_REBUILT)),
});
export type RebuildReport = z.infer<typeof rebuildReportSchema>;

export const DRIFT_PROBLEMS = ['field', 'missing', 'unexpected', 'missing_table', 'missing_field'] as const;

/** Where a table says something else than the log. */
export const driftSchema = z.strictObject({
  table: z.string(),
  /** The row's primary key. */
  key: z.record(z.string(), z.string()),
  /**
   * `field`: one value of a row. `missing`: the log makes a row that is not there. `unexpected`: a row that the log does not
   * make. The other two: there is no such table or column at all.
   */
  problem: z.enum(DRIFT_PROBLEMS),
  field: z.string().optional(),
  /** RFC 6901, where the value is JSON: what follows is the value there. */
  pointer: z.string().optional(),
  /** As text, cut off where it is long. Null: SQL's. */
  stored: z.string().nullable().optional(),
  folded: z.string().nullable().optional(),
});
export type Drift = z.infer<typeof driftSchema>;

export const driftReportSchema = z.strictObject({
  service: z.string(),
  /** Everything that the tables are as of was looked at. */
  complete: z.boolean(),
  /** The log was folded up to here … */
  foldedSeq: z.int(),
  /** … and the tables are as of here. */
  servingSeq: z.int(),
  /** Commits folded by this request. */
  commits: z.int(),
  /** Rows that the log makes, and those of them and beside them that differ. */
  tables: z.record(z.string(), z.strictObject({ rows: z.int(), drifted: z.int() })),
  drift: z.array(driftSchema),
  /** More differ than are listed. */
  truncated: z.boolean(),
  /** Rows that differ and may do so for a commit that is not folded yet. */
  undecided: z.int(),
  /** Goes on where this request's budget ended. */
  nextCursor: z.string().nullable(),
});
export type DriftReport = z.infer<typeof driftReportSchema>;
