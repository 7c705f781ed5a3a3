import { type ReadModelDigest, type Refusal, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import {
  lastSeqOfKind,
  type LogFeed,
  logPosition,
  type NatsConnection,
  openLogFeed,
} from '@throughline/event-log/jetstream';
import type { Pool, PoolClient } from 'pg';
import { quoted, rebuildLock, servingLock } from './batch-transaction.ts';
import { digestReadModel } from './digest.ts';
import { migrate } from './migrations.ts';
import { applyBatch, decodeBatch } from './projected-batch.ts';
import type { Projection, ReadModel, UnreadableRecord } from './projection.ts';

export interface RebuildOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: EventLog;
  readonly readModel: ReadModel;
  readonly batchSize?: number;
}
export type Rebuild =
  | { readonly kind: 'rebuilt'; readonly digest: ReadModelDigest; readonly records: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const BATCH_SIZE = 500;
const IDLE_MS = 500;
/** Pulls in a row without a record though the log goes on: then the log or the server is at fault. */
const EMPTY_PULLS_MAX = 40;
const SWAP_LOCK_TIMEOUT_MS = 30_000;

class UnreadableLogError extends Error {
  readonly record: UnreadableRecord;
  constructor(record: UnreadableRecord) {
    super(`record ${record.seq} (${record.subject}) cannot be read: ${record.problem}`);
    this.record = record;
  }
}

/** The shadow tables and how far they are; exists for one rebuild. */
class ShadowTables {
  readonly name: string;
  seq = 0;
  records = 0;
  readonly #options: RebuildOptions;
  readonly #projection: Projection;
  readonly #feed: LogFeed;

  constructor(name: string, options: RebuildOptions, projection: Projection, feed: LogFeed) {
    this.name = name;
    this.#options = options;
    this.#projection = projection;
    this.#feed = feed;
  }

  /** Up to `seq`, or to the last commit before it that this projection reads. */
  async projectTo(seq: number): Promise<void> {
    const { pool, nc, batchSize = BATCH_SIZE } = this.#options;
    const { aggregate } = this.#projection;
    const headSeq = aggregate === undefined ? seq : Math.min(seq, await lastSeqOfKind(nc, aggregate));
    let emptyPulls = 0;
    while (this.seq < headSeq) {
      const pulled = await this.#feed.next({ maxMessages: Math.min(batchSize, headSeq - this.seq), idleMs: IDLE_MS });
      if (pulled.length === 0) {
        emptyPulls += 1;
        if (emptyPulls > EMPTY_PULLS_MAX) throw new Error(`the log does not deliver what follows ${this.seq}`);
        continue;
      }
      emptyPulls = 0;
      const batch = decodeBatch(pulled, this.#projection.applyUnreadable !== undefined);
      if (batch.stoppedBy) throw new UnreadableLogError(batch.stoppedBy);
      const checkpoint = { stream: STREAMS.log, created: this.#feed.created, seq: this.seq };
      await applyBatch(pool, this.name, this.#projection, batch, checkpoint);
      this.seq = batch.lastSeq;
      this.records += batch.commits.length;
    }
  }
}

const exists = async (client: PoolClient, relation: string): Promise<boolean> =>
  (await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [relation])).rows[0]?.there ===
  true;

const schemaExists = async (client: PoolClient, schema: string): Promise<boolean> =>
  (await client.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [quoted(schema)])).rows[0]
    ?.there === true;

/** Where the serving tables are on the same log: readers must not be taken back behind it. */
const servingSeq = async (client: PoolClient, schema: string, created: string): Promise<number> => {
  const table = `${quoted(schema)}.projection_checkpoint`;
  if (!(await exists(client, table))) return 0;
  const { rows } = await client.query<{ seq: string | null }>(
    `SELECT max(seq) AS seq FROM ${table} WHERE created = $1`,
    [created],
  );
  return Number(rows[0]?.seq ?? 0);
};

/** Tables that the log does not hold go over as they are. */
const carryOver = async (client: PoolClient, from: string, to: string, tables: readonly string[]): Promise<void> => {
  for (const table of tables) {
    if (!(await exists(client, `${quoted(from)}.${quoted(table)}`))) continue;
    await client.query(`DROP TABLE IF EXISTS ${quoted(to)}.${quoted(table)} CASCADE`);
    await client.query(`ALTER TABLE ${quoted(from)}.${quoted(table)} SET SCHEMA ${quoted(to)}`);
  }
};

/** One transaction: a reader sees the old tables or the new ones. The serving runner then finds its checkpoint moved and restarts. */
const swap = async (client: PoolClient, readModel: ReadModel, shadow: ShadowTables, created: string): Promise<void> => {
  const { schema, tablesNotFromLog = [] } = readModel;
  const retired = `${schema}_retired`;
  await client.query(
    `RESET search_path; DROP SCHEMA IF EXISTS ${quoted(retired)} CASCADE;
     BEGIN; SET LOCAL lock_timeout TO ${SWAP_LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock(${servingLock(schema)})`,
  );
  try {
    // No batch of the serving tables can commit from here on, so what is left to catch up is little and final.
    await shadow.projectTo(await servingSeq(client, schema, created));
    if (await schemaExists(client, schema)) {
      await carryOver(client, schema, shadow.name, tablesNotFromLog);
      await client.query(`ALTER SCHEMA ${quoted(schema)} RENAME TO ${quoted(retired)}`);
    }
    await client.query(`ALTER SCHEMA ${quoted(shadow.name)} RENAME TO ${quoted(schema)}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  await client.query(`DROP SCHEMA IF EXISTS ${quoted(retired)} CASCADE`);
};

const rebuildLocked = async (client: PoolClient, options: RebuildOptions): Promise<number> => {
  const { nc, readModel, batchSize = BATCH_SIZE } = options;
  const projection = readModel.createProjection(options.log);
  const name = `${readModel.schema}_rebuild`;
  await client.query(`DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE; CREATE SCHEMA ${quoted(name)};
                      SET search_path TO ${quoted(name)}`);
  const feed = await openLogFeed(nc, {
    name: `${readModel.service}-rebuild`,
    filterSubject: projection.aggregate && SUBJECT_FILTERS.logOfAggregate(projection.aggregate),
    fromSeq: 1,
    batchMax: batchSize,
  });
  try {
    await migrate(client, readModel);
    const shadow = new ShadowTables(name, options, projection, feed);
    await shadow.projectTo((await logPosition(nc)).lastSeq);
    await swap(client, readModel, shadow, feed.created);
    return shadow.records;
  } catch (error) {
    await client.query(`RESET search_path; DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`).catch(() => undefined);
    throw error;
  } finally {
    await feed.close().catch(() => undefined);
  }
};

/**
 * Projects the whole log into shadow tables beside the serving ones and swaps them in. Serves throughout, and repairs
 * whatever state the serving tables are in, also when they are gone. One at a time per schema, over all processes.
 */
export const rebuildReadModel = async (options: RebuildOptions): Promise<Rebuild> => {
  const { pool, readModel } = options;
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    const lock = rebuildLock(readModel.schema);
    const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lock}) AS locked`);
    if (rows[0]?.locked !== true) {
      const message = `a rebuild of ${readModel.service} is running already; ask for its digest when it is through`;
      return { kind: 'refused', refusal: { code: 'TL0402', message } };
    }
    try {
      const records = await rebuildLocked(client, options);
      return { kind: 'rebuilt', records, digest: await digestReadModel(pool, readModel) };
    } finally {
      await client
        .query(`RESET search_path; SELECT pg_advisory_unlock(${lock})`)
        .catch((error: Error) => void (broken = error));
    }
  } catch (error) {
    if (!(error instanceof UnreadableLogError)) throw error;
    const { code, seq } = error.record;
    return { kind: 'refused', refusal: { code, message: error.message, details: { seq } } };
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
};
