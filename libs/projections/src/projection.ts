import type { Aggregate, ServiceName } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';

/** A commit as a projection gets it: parsed once, with its place on the log and the very bytes that stand there. */
export type ProjectedRecord = LoggedCommit & { readonly bytes: Uint8Array };

/** A record that this build cannot read. A projection stops in front of it. */
export interface UnreadableRecord {
  readonly seq: number;
  readonly subject: string;
  readonly storedAt: string;
  readonly bytes: Uint8Array;
  readonly code: 'TL0201' | 'TL0202';
  readonly problem: string;
}

export interface SqlResult<R> {
  readonly rows: R[];
  readonly rowCount: number | null;
}

/**
 * The open transaction of one batch. Its `search_path` is the schema projected into, so every name in a statement is
 * unqualified and the same projection fills the serving tables and the shadow tables of a rebuild.
 */
export interface SqlTransaction {
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<SqlResult<R>>;
}

export type WriteRows = (sql: SqlTransaction) => Promise<void>;

export interface Projection {
  /** Shown in logs and metrics; usually the service's schema. */
  readonly schema: string;
  /** Reads this aggregate's commits alone: what follows from a few of them need not be sent, nor parse, all the others. */
  readonly aggregate?: Aggregate;
  /**
   * Makes the rows, then says what writes them, by bulk upserts. Rows must follow from the log alone: no clock, no serials, no
   * order of arrival, so that any batch size and any number of repeats lead to the same rows. Whatever reads the log does so
   * here: a transaction that waits for the log is cut off by Postgres, and begins again with the same batch for ever.
   */
  prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows>;
  /** For one that folds: commits that the tables hold already, so that what follows on them can be prepared without reading the log. */
  follow?(records: readonly ProjectedRecord[]): void;
}

export type RowAsOf = { readonly aggregate: Aggregate; readonly id: string } | { readonly seq: string };

export interface ProjectionBounds {
  /** Folded states kept at most. A state that is not kept is folded from the log again, which costs a read. */
  readonly statesMax?: number;
}

/** Everything that a service says about its tables: what fills them, and what makes them. */
export interface ReadModel {
  readonly service: ServiceName;
  /** Postgres schema that serves, see `schemaOf`. */
  readonly schema: string;
  /** Folder of `<timestamp>_<name>/migration.sql`; default `prisma/<service>/migrations`. */
  readonly migrationsDir?: string;
  /** Tables that are not made from the log: a rebuild carries them over, a digest leaves them out. */
  readonly tablesNotFromLog?: readonly string[];
  /**
   * By table: what a row is as of, so that it can be compared before the whole log is folded: the last commit of the aggregate
   * that its column names, or, where rows never change, the commit whose sequence its column holds.
   */
  readonly rowsAsOf?: Readonly<Record<string, RowAsOf>>;
  /** A projection with caches of its own: the serving one and a rebuild stand at different places of the log. */
  createProjection(log: EventLog, options?: ProjectionBounds): Projection;
}

/** `step-worker` → `step_worker`. */
export const schemaOf = (service: ServiceName): string => service.replaceAll('-', '_');
