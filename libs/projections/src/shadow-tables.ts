import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { lastSeqOfKind, type LogFeed, type NatsConnection, openLogFeed } from '@throughline/event-log/jetstream';
import type { Pool, PoolClient } from 'pg';
import { quoted } from './batch-transaction.ts';
import { migrate } from './migrations.ts';
import { applyBatch, decodeBatch, prepareBatch, type PreparedBatch } from './projected-batch.ts';
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
/** A log is long, and what was open at once on it is in no cache. */
const STATES_MAX = 20_000;
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

type PulledBatch = PreparedBatch & { readonly records: number };

/** Tables beside the serving ones, made from the log alone, and how far they are. */
export class ShadowTables {
  readonly name: string;
  readonly created: string;
  seq: number;
  records = 0;
  readonly #options: ShadowOptions;
  readonly #projection: Projection;
  readonly #feed: LogFeed;
  /** Pulled already, and not applied: whoever comes next begins with it. */
  #ahead: Promise<PulledBatch> | undefined;

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
    const projection = readModel.createProjection(log, { statesMax: STATES_MAX });
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
    const { nc } = this.#options;
    const { aggregate } = this.#projection;
    const headSeq = aggregate === undefined ? seq : Math.min(seq, await lastSeqOfKind(nc, aggregate));
    const commitsBefore = this.records;
    let emptyPulls = 0;
    while (this.seq < headSeq) {
      const commitsLeft = budget.commits - (this.records - commitsBefore);
      if (commitsLeft <= 0 || Date.now() >= budget.until) return false;
      const batch = await this.#take(this.seq, headSeq, commitsLeft);
      if (batch.records === 0) {
        emptyPulls += 1;
        if (emptyPulls > EMPTY_PULLS_MAX) throw new Error(`the log does not deliver what follows ${this.seq}`);
        continue;
      }
      emptyPulls = 0;
      // Postgres writes in a process of its own: what comes next is fetched, parsed and folded meanwhile.
      this.#lookAhead(batch.lastSeq, headSeq, commitsLeft - batch.records);
      await this.#apply(batch);
    }
    return true;
  }

  async #apply(batch: PulledBatch): Promise<void> {
    const checkpoint = { stream: STREAMS.log, created: this.created, seq: this.seq };
    await applyBatch(this.#options.pool, this.name, batch, checkpoint);
    this.seq = batch.lastSeq;
    this.records += batch.records;
  }

  async #take(fromSeq: number, headSeq: number, commitsLeft: number): Promise<PulledBatch> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return (await ahead) ?? this.#pull(fromSeq, headSeq, commitsLeft);
  }

  #lookAhead(fromSeq: number, headSeq: number, commitsLeft: number): void {
    if (fromSeq >= headSeq || commitsLeft <= 0) return;
    this.#ahead = this.#pull(fromSeq, headSeq, commitsLeft);
    // Whoever takes it hears of it; where nobody does any more, it is no matter.
    this.#ahead.catch(() => undefined);
  }

  async #pull(fromSeq: number, headSeq: number, commitsLeft: number): Promise<PulledBatch> {
    const { batchSize = BATCH_SIZE } = this.#options;
    const maxMessages = Math.min(batchSize, headSeq - fromSeq, commitsLeft);
    const pulled = await this.#feed.next({ maxMessages, idleMs: IDLE_MS });
    const batch = await decodeBatch(pulled);
    if (batch.stoppedBy) throw new UnreadableLogError(batch.stoppedBy);
    return { ...(await prepareBatch(this.#projection, batch)), records: pulled.length };
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
