import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { lastSeqOfKind, type LogFeed, type NatsConnection, openLogFeed } from '@throughline/event-log/jetstream';
import type { Pool, PoolClient } from 'pg';
import { quoted } from './batch-transaction.ts';
import { migrate } from './migrations.ts';
import { applyBatch, decodeBatch } from './projected-batch.ts';
import type { Projection, ReadModel, UnreadableRecord } from './projection.ts';

export interface ShadowOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: EventLog;
  readonly readModel: ReadModel;
  readonly batchSize?: number;
}

/** Where projecting stops for this time, though the log goes on. */
export interface Budget {
  readonly until: number;
  readonly commits: number;
}

const BATCH_SIZE = 500;
const IDLE_MS = 500;
/** Pulls in a row without a record though the log goes on: then the log or the server is at fault. */
const EMPTY_PULLS_MAX = 40;
const NO_BUDGET: Budget = { until: Number.POSITIVE_INFINITY, commits: Number.POSITIVE_INFINITY };

export class UnreadableLogError extends Error {
  readonly record: UnreadableRecord;
  constructor(record: UnreadableRecord) {
    super(`record ${record.seq} (${record.subject}) cannot be read: ${record.problem}`);
    this.record = record;
  }
}

/** Tables beside the serving ones, made from the log alone, and how far they are. */
export class ShadowTables {
  readonly name: string;
  readonly created: string;
  seq: number;
  records = 0;
  readonly #options: ShadowOptions;
  readonly #projection: Projection;
  readonly #feed: LogFeed;

  private constructor(name: string, seq: number, options: ShadowOptions, projection: Projection, feed: LogFeed) {
    this.name = name;
    this.seq = seq;
    this.created = feed.created;
    this.#options = options;
    this.#projection = projection;
    this.#feed = feed;
  }

  /** Empties the schema `name` and makes the service's tables in it. Leaves it as the client's search path. */
  static async create(client: PoolClient, name: string, { readModel }: ShadowOptions): Promise<void> {
    await client.query(`DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE; CREATE SCHEMA ${quoted(name)};
                        SET search_path TO ${quoted(name)}`);
    await migrate(client, readModel);
  }

  /** Tables that are there and are as of `seq`. Whoever opens them closes them. */
  static async open(name: string, seq: number, options: ShadowOptions): Promise<ShadowTables> {
    const { nc, log, readModel, batchSize = BATCH_SIZE } = options;
    const projection = readModel.createProjection(log);
    const feed = await openLogFeed(nc, {
      name: name.replaceAll('_', '-'),
      filterSubject: projection.aggregate && SUBJECT_FILTERS.logOfAggregate(projection.aggregate),
      fromSeq: seq + 1,
      batchMax: batchSize,
    });
    return new ShadowTables(name, seq, options, projection, feed);
  }

  /** Up to `seq`, or to the last commit before it that this projection reads; false where the budget ended before. */
  async projectTo(seq: number, budget: Budget = NO_BUDGET): Promise<boolean> {
    const { pool, nc, batchSize = BATCH_SIZE } = this.#options;
    const { aggregate } = this.#projection;
    const headSeq = aggregate === undefined ? seq : Math.min(seq, await lastSeqOfKind(nc, aggregate));
    const commitsBefore = this.records;
    let emptyPulls = 0;
    while (this.seq < headSeq) {
      const commitsLeft = budget.commits - (this.records - commitsBefore);
      if (commitsLeft <= 0 || Date.now() >= budget.until) return false;
      const maxMessages = Math.min(batchSize, headSeq - this.seq, commitsLeft);
      const pulled = await this.#feed.next({ maxMessages, idleMs: IDLE_MS });
      if (pulled.length === 0) {
        emptyPulls += 1;
        if (emptyPulls > EMPTY_PULLS_MAX) throw new Error(`the log does not deliver what follows ${this.seq}`);
        continue;
      }
      emptyPulls = 0;
      const batch = decodeBatch(pulled, this.#projection.applyUnreadable !== undefined);
      if (batch.stoppedBy) throw new UnreadableLogError(batch.stoppedBy);
      const checkpoint = { stream: STREAMS.log, created: this.created, seq: this.seq };
      await applyBatch(pool, this.name, this.#projection, batch, checkpoint);
      this.seq = batch.lastSeq;
      this.records += batch.commits.length;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#feed.close().catch(() => undefined);
  }
}

export const exists = async (client: PoolClient, relation: string): Promise<boolean> =>
  (await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [relation])).rows[0]?.there ===
  true;

/** Where the serving tables are on the same log. */
export const servingSeq = async (client: PoolClient, schema: string, created: string): Promise<number> => {
  const table = `${quoted(schema)}.projection_checkpoint`;
  if (!(await exists(client, table))) return 0;
  const { rows } = await client.query<{ seq: string | null }>(
    `SELECT max(seq) AS seq FROM ${table} WHERE created = $1`,
    [created],
  );
  return Number(rows[0]?.seq ?? 0);
};
