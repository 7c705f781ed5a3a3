import { setTimeout as sleep } from 'node:timers/promises';
import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import {
  type LogFeed,
  logPosition,
  logPositionAfter,
  LogReplacedError,
  type NatsConnection,
  openLogFeed,
} from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import { type Checkpoint, CheckpointMovedError, readCheckpoint } from './checkpoint.ts';
import { applyBatch, type Decode, type DecodedBatch, decodeBatch, prepareBatch } from './projected-batch.ts';
import type { ProjectedRecord, Projection, UnreadableRecord } from './projection.ts';

export type ProjectionState =
  | { readonly kind: 'running' }
  /** Waiting to try again from the checkpoint. */
  | { readonly kind: 'backing-off'; readonly problem: string; readonly failures: number }
  /**
   * Standing in front of a record that cannot be read, or of a log that is not the checkpoint's. Looked at again every
   * few seconds, but only a newer build or a rebuild helps: rows built around a hole would be wrong without notice.
   */
  | { readonly kind: 'failing'; readonly code: 'TL0201' | 'TL0202'; readonly problem: string; readonly seq: number }
  | { readonly kind: 'stopped' };

export interface ProjectionStatus {
  readonly state: ProjectionState;
  /** Last log sequence whose rows are committed. */
  readonly seq: number;
  /** Last sequence on the log as last looked at; `lag` is the difference. */
  readonly headSeq: number;
  readonly lag: number;
  readonly batches: number;
  readonly records: number;
  readonly failures: number;
}

export interface RunnerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProjectionOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly projection: Projection;
  /** Serving schema; default `projection.schema`. */
  readonly schema?: string;
  /** Records in one transaction at most; default 1,000. */
  readonly batchSize?: number;
  /** Default: `decodeCommit`. */
  readonly decode?: Decode;
  readonly onBatch?: (batch: readonly ProjectedRecord[]) => void;
  /** Runs one batch's transaction inside a span or a timer. */
  readonly aroundBatch?: (batch: readonly ProjectedRecord[], run: () => Promise<void>) => Promise<void>;
  readonly log?: RunnerLog;
  /** Whose turn it is where several processes project the same; the others follow the checkpoint. Always ours without it. */
  readonly turn?: { readonly isOurs: boolean };
}

export interface RunningProjection {
  status(): ProjectionStatus;
  /** True once rows up to `seq` are committed; false after `timeoutMs`. */
  caughtUpTo(seq: number, timeoutMs: number): Promise<boolean>;
  /** Finishes the batch in hand. */
  stop(): Promise<void>;
}

const BATCH_SIZE = 1_000;
/** After failures: less to make again where outages follow each other faster than a full batch takes. */
const BATCH_SIZE_MIN = 50;
/**
 * Before a checkpoint that this process did not reach itself, so many records are read again. Without them the first batches
 * would read nearly every execution one by one, which takes longer than outages that follow each other leave time for.
 */
const REWOUND_RECORDS = 4_000;
const IDLE_MS = 1_000;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;
const HEAD_LOOK_EVERY_MS = 1_000;
const CHECKPOINT_LOOK_EVERY_MS = 5_000;
const FOLLOW_EVERY_MS = 150;

/** The projection stands in front of this record until another build can read it. */
class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
  readonly record: UnreadableRecord;
  constructor(record: UnreadableRecord) {
    super(`record ${record.seq} (${record.subject}): ${record.problem}`);
    this.record = record;
  }
}

class ProjectionRunner implements RunningProjection {
  readonly #options: ProjectionOptions;
  readonly #schema: string;
  readonly #batchSize: number;
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #done: Promise<void>;
  #state: ProjectionState = { kind: 'running' };
  #seq = 0;
  #headSeq = 0;
  #headLookedAtMs = 0;
  #checkpointLookedAtMs = 0;
  #batches = 0;
  #records = 0;
  #failures = 0;
  /** Since the last batch that went through: what the wait grows with. */
  #failuresInARow = 0;
  /** The batch that was prepared last. The projection can go on from its end, and take it again. */
  #prepared = { fromSeq: -1, toSeq: -1 };
  /** Halved by a failure, doubled by a batch that went through. */
  #batchMax: number;

  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#schema = options.schema ?? options.projection.schema;
    this.#batchSize = options.batchSize ?? BATCH_SIZE;
    this.#batchMax = this.#batchSize;
    this.#done = this.#run();
  }

  status(): ProjectionStatus {
    return {
      state: this.#state,
      seq: this.#seq,
      headSeq: this.#headSeq,
      lag: Math.max(0, this.#headSeq - this.#seq),
      batches: this.#batches,
      records: this.#records,
      failures: this.#failures,
    };
  }

  caughtUpTo(seq: number, timeoutMs: number): Promise<boolean> {
    if (this.#seq >= seq) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (reached: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(reached);
      };
      const look = (): void => {
        if (this.#seq >= seq) settle(true);
        else if (this.#state.kind === 'stopped') settle(false);
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#waiting.add(look);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await (this.#isOurTurn ? this.#projectFromCheckpoint() : this.#follow());
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#noteFailure(error);
        await this.#backOff();
      }
    }
    this.#state = { kind: 'stopped' };
    for (const look of this.#waiting) look();
  }

  get #isOurTurn(): boolean {
    return this.#options.turn?.isOurs ?? true;
  }

  /** While another process projects: knows how far it is, and whether it is behind. */
  async #follow(): Promise<void> {
    const { pool, nc } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#isOurTurn) {
      this.#seq = (await readCheckpoint(pool, this.#schema))?.seq ?? 0;
      if (Date.now() - this.#headLookedAtMs > HEAD_LOOK_EVERY_MS) {
        this.#headLookedAtMs = Date.now();
        this.#headSeq = (await logPosition(nc)).lastSeq;
      }
      this.#noteSuccess();
      for (const look of this.#waiting) look();
      await sleep(FOLLOW_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Returns when it is told to stop, or another process's turn comes; throws whatever went wrong. Nothing is remembered from
   * one call to the next but counts.
   */
  async #projectFromCheckpoint(): Promise<void> {
    const { pool, nc } = this.#options;
    const first = await logPosition(nc);
    // Before anything that needs the database: the lag grows visibly while it is away.
    this.#headSeq = first.lastSeq;
    const stored = await readCheckpoint(pool, this.#schema);
    this.#seq = stored?.seq ?? 0;
    // Asked again: another instance may have gone on with the checkpoint while this one waited for the database.
    const position = stored ? await logPositionAfter(nc, stored) : first;
    if (stored && (stored.created !== position.created || stored.seq > position.lastSeq)) {
      throw new LogReplacedError(
        `the checkpoint is at ${stored.seq} of the log created ${stored.created}, the log was created ${position.created} and ends at ${position.lastSeq}`,
      );
    }
    if (this.#prepared.fromSeq !== this.#seq && this.#prepared.toSeq !== this.#seq)
      await this.#rewind(position.created);
    await this.#readFrom(this.#seq + 1, position.created, (feed) => this.#projectFeed(feed));
  }

  async #readFrom(fromSeq: number, created: string, read: (feed: LogFeed) => Promise<void>): Promise<void> {
    const { nc, projection } = this.#options;
    const feed = await openLogFeed(nc, {
      name: projection.schema,
      filterSubject: projection.aggregate && SUBJECT_FILTERS.logOfAggregate(projection.aggregate),
      fromSeq,
      batchMax: this.#batchSize,
      created,
    });
    try {
      await read(feed);
    } finally {
      await feed.close().catch(() => undefined);
    }
  }

  async #rewind(created: string): Promise<void> {
    const { projection, decode } = this.#options;
    const { signal } = this.#stopping;
    if (!projection.follow || this.#seq === 0) return;
    await this.#readFrom(Math.max(1, this.#seq + 1 - REWOUND_RECORDS), created, async (feed) => {
      for (let seq = 0; seq < this.#seq && !signal.aborted;) {
        const records = await feed.next({ maxMessages: this.#batchSize, idleMs: IDLE_MS, signal });
        const { commits, stoppedBy } = await decodeBatch(records, decode);
        projection.follow?.(commits.filter((record) => record.seq <= this.#seq));
        if (stoppedBy || records.length < this.#batchSize) return;
        seq = records.at(-1)?.seq ?? this.#seq;
      }
    });
  }

  async #projectFeed(feed: LogFeed): Promise<void> {
    const signal = this.#stopping.signal;
    while (!signal.aborted && this.#isOurTurn) {
      const maxMessages = this.#batchMax;
      const records = await feed.next({ maxMessages, idleMs: IDLE_MS, signal });
      const last = records.at(-1);
      if (last) {
        this.#headSeq = Math.max(this.#headSeq, last.seq);
        const batch = await decodeBatch(records, this.#options.decode);
        if (batch.commits.length > 0) await this.#commitBatch(batch, feed.created);
        if (batch.stoppedBy) throw new UnreadableRecordError(batch.stoppedBy);
      }
      this.#noteSuccess();
      await this.#lookAtHead(records.length < maxMessages);
      if (!last) await this.#lookAtCheckpoint();
    }
  }

  async #commitBatch(batch: DecodedBatch, created: string): Promise<void> {
    const { pool, projection, aroundBatch, onBatch } = this.#options;
    const checkpoint: Checkpoint = { stream: STREAMS.log, created, seq: this.#seq };
    this.#prepared = { fromSeq: this.#seq, toSeq: batch.lastSeq };
    const run = async (): Promise<void> =>
      applyBatch(pool, this.#schema, await prepareBatch(projection, batch), checkpoint);
    await (aroundBatch ? aroundBatch(batch.commits, run) : run());
    this.#seq = batch.lastSeq;
    this.#batches += 1;
    this.#records += batch.commits.length;
    this.#batchMax = Math.min(this.#batchSize, this.#batchMax * 2);
    this.#noteSuccess();
    onBatch?.(batch.commits);
    for (const look of this.#waiting) look();
  }

  /** A pull that came back short was at the end; only while full ones come is the server asked, once a second. */
  async #lookAtHead(isAtEnd: boolean): Promise<void> {
    if (isAtEnd) {
      this.#headSeq = this.#seq;
    } else if (Date.now() - this.#headLookedAtMs > HEAD_LOOK_EVERY_MS) {
      this.#headLookedAtMs = Date.now();
      this.#headSeq = (await logPosition(this.#options.nc)).lastSeq;
    }
  }

  /**
   * A batch compares the checkpoint by itself; while none comes, a Postgres that came back from a crash or a backup without
   * its last batches, or without the tables, would otherwise be noticed only by the next commit on the log.
   */
  async #lookAtCheckpoint(): Promise<void> {
    if (Date.now() - this.#checkpointLookedAtMs < CHECKPOINT_LOOK_EVERY_MS) return;
    this.#checkpointLookedAtMs = Date.now();
    const stored = await readCheckpoint(this.#options.pool, this.#schema);
    if ((stored?.seq ?? 0) === this.#seq) return;
    throw new CheckpointMovedError(`the checkpoint is at ${stored?.seq ?? 0} where ${this.#seq} was committed`);
  }

  #noteSuccess(): void {
    this.#state = { kind: 'running' };
    this.#failuresInARow = 0;
  }

  #noteFailure(error: unknown): void {
    this.#failures += 1;
    this.#failuresInARow += 1;
    this.#batchMax = Math.min(this.#batchMax, Math.max(BATCH_SIZE_MIN, Math.ceil(this.#batchMax / 2)));
    const before = this.#state;
    const problem = error instanceof Error ? error.message : String(error);
    if (error instanceof UnreadableRecordError) {
      this.#state = { kind: 'failing', code: error.record.code, problem, seq: error.record.seq };
    } else if (error instanceof LogReplacedError) {
      this.#state = { kind: 'failing', code: error.code, problem, seq: this.#seq };
    } else {
      this.#state = { kind: 'backing-off', problem, failures: this.#failuresInARow };
    }
    const fields = { schema: this.#schema, seq: this.#seq, failuresInARow: this.#failuresInARow, err: error };
    if (error instanceof CheckpointMovedError) {
      this.#options.log?.info(fields, 'another runner moved the checkpoint; reading again from there');
    } else if (!('problem' in before) || before.problem !== problem) {
      // Once per reason: a database that is away for an hour is one line, not thousands.
      this.#options.log?.error(fields, `projection failed, trying again from the checkpoint: ${problem}`);
    }
  }

  async #backOff(): Promise<void> {
    const { signal } = this.#stopping;
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(this.#failuresInARow, 10));
    await sleep(this.#state.kind === 'failing' ? BACKOFF_MS_MAX : waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Never rejects and never throws later: whatever fails is shown in `status()` and tried again from the checkpoint. */
export const startProjection = (options: ProjectionOptions): RunningProjection => new ProjectionRunner(options);
