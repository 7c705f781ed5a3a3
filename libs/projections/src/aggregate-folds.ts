import { type Aggregate, type AggregateRef, isTerminal } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { type AnyState, deciderOf, type ExecutionState, foldCommit } from '@throughline/execution';
import type { ProjectedRecord } from './projection.ts';

const STATES_MAX = 2_000;
/** A read takes a millisecond, or fifty where the log's server is busy: one after the other, a cold batch would take a minute. */
const READS_AT_ONCE = 8;

interface Kept<S> {
  readonly state: S;
  /** Still to be folded onto `state`, where the caller did not say what it leads to. */
  readonly next?: LoggedCommit;
  /** As it was before the batch that it was last asked for in: where that one comes again, nothing has to be read again. */
  readonly beforeBatch?: S;
}

export interface FoldOptions<S> {
  readonly statesMax?: number;
  /** True where no commits are to be expected, so that the state need not be kept. */
  readonly isOver?: (state: S) => boolean;
}

const idOf = ({ commit }: ProjectedRecord): string => `${commit.tenant}.${commit.aggregateId}`;

/**
 * Folded states of the aggregates of one kind that a projection reads about, because events point to payloads rather than hold
 * them, and rows show a state rather than single events. Bounded; a miss folds from the log. Asking for a record twice (a batch
 * that is applied again) gives the same.
 */
export class AggregateFolds<S extends AnyState> {
  readonly #log: EventLog;
  readonly #aggregate: Aggregate;
  readonly #options: FoldOptions<S>;
  readonly #statesMax: number;
  readonly #kept = new Map<string, Kept<S>>();
  /** Ended in the last batch: kept until the next one, for the case that it is the same again. */
  readonly #over = new Set<string>();

  constructor(log: EventLog, aggregate: Aggregate, options: FoldOptions<S> = {}) {
    this.#log = log;
    this.#aggregate = aggregate;
    this.#options = options;
    this.#statesMax = options.statesMax ?? STATES_MAX;
  }

  /** Begins a batch: reads at once what `before` would read one by one. */
  async warm(batch: readonly ProjectedRecord[]): Promise<void> {
    const first = this.#firstOfEach(batch);
    for (const id of this.#over) if (!first.has(id)) this.#kept.delete(id);
    this.#over.clear();
    const missing: ProjectedRecord[] = [];
    for (const [id, record] of first) {
      const state = this.#asOf(id, record.commit.version - 1) ?? this.#initialFor(record);
      if (state) this.#keep(id, { state, beforeBatch: state });
      else missing.push(record);
    }
    await this.#readAll(missing);
  }

  /** What the tables hold already: what follows on it is then folded without a read. */
  follow(records: readonly ProjectedRecord[]): void {
    for (const record of records) {
      if (record.commit.aggregate !== this.#aggregate) continue;
      const state = this.#asOf(idOf(record), record.commit.version - 1) ?? this.#initialFor(record);
      if (state) this.#keepOpen(idOf(record), { state: foldCommit(state, record) });
    }
  }

  /** The state right before `record`. Records in log order cost no read. */
  async before(record: ProjectedRecord): Promise<S> {
    const id = idOf(record);
    const kept = this.#kept.get(id);
    const state =
      this.#asOf(id, record.commit.version - 1) ??
      this.#initialFor(record) ??
      (await this.#foldTo(record, kept?.state));
    this.#keep(id, { state, next: record, beforeBatch: kept?.beforeBatch ?? state });
    return state;
  }

  /** The state right after `record`. */
  async after(record: ProjectedRecord): Promise<S> {
    const state = foldCommit(await this.before(record), record);
    this.keepAfter(record, state);
    return state;
  }

  /** Optional after `before`: saves folding `record` again where the caller has done so. */
  keepAfter(record: ProjectedRecord, state: S): void {
    const id = idOf(record);
    const beforeBatch = this.#kept.get(id)?.beforeBatch;
    this.#keep(id, { state, ...(beforeBatch && { beforeBatch }) });
    if (this.#options.isOver?.(state) === true) this.#over.add(id);
    else this.#over.delete(id);
  }

  /** As many as can be kept. */
  #firstOfEach(batch: readonly ProjectedRecord[]): ReadonlyMap<string, ProjectedRecord> {
    const first = new Map<string, ProjectedRecord>();
    for (const record of batch) {
      if (first.size === this.#statesMax) break;
      if (record.commit.aggregate === this.#aggregate && !first.has(idOf(record))) first.set(idOf(record), record);
    }
    return first;
  }

  async #readAll(missing: readonly ProjectedRecord[]): Promise<void> {
    const left = missing.values();
    let failed = false;
    const readSome = async (): Promise<void> => {
      for (const record of left) {
        if (failed) return;
        const state = await this.#foldTo(record, this.#kept.get(idOf(record))?.state);
        this.#keep(idOf(record), { state, beforeBatch: state });
      }
    };
    const readers = Array.from({ length: READS_AT_ONCE }, () =>
      readSome().catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    );
    await Promise.all(readers);
  }

  #asOf(id: string, version: number): S | undefined {
    const kept = this.#kept.get(id);
    if (kept?.state.version === version) return kept.state;
    if (kept?.next?.commit.version === version) return foldCommit(kept.state, kept.next);
    return kept?.beforeBatch?.version === version ? kept.beforeBatch : undefined;
  }

  #initialFor({ commit }: ProjectedRecord): S | undefined {
    const { tenant, aggregate, aggregateId, version } = commit;
    return version === 1 ? deciderOf<S>(aggregate).initial({ tenant, aggregate, aggregateId }) : undefined;
  }

  async #foldTo(record: ProjectedRecord, from: S | undefined): Promise<S> {
    const { tenant, aggregate, aggregateId, version } = record.commit;
    const ref: AggregateRef = { tenant, aggregate, aggregateId };
    // A state from further on is of no use; one from before saves reading its commits.
    let state = from && from.version < version ? from : deciderOf<S>(aggregate).initial(ref);
    const read = await this.#log.read(ref, { fromSeq: state.seq + 1, toVersion: version - 1 });
    if (read.kind === 'unreadable') throw new Error(`${aggregateId} cannot be folded: ${read.problem}`);
    for (const logged of read.commits) state = foldCommit(state, logged);
    if (state.version !== version - 1) {
      throw new Error(`${aggregateId} is at version ${state.version} on the log where ${version - 1} was expected`);
    }
    return state;
  }

  #keepOpen(id: string, kept: Kept<S>): void {
    if (this.#options.isOver?.(kept.state) === true) this.#kept.delete(id);
    else this.#keep(id, kept);
  }

  #keep(id: string, kept: Kept<S>): void {
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    if (this.#kept.size <= this.#statesMax) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }
}

/** An ended execution has no commits to come. */
export const executionFolds = (log: EventLog, statesMax?: number): AggregateFolds<ExecutionState> =>
  new AggregateFolds(log, 'execution', {
    ...(statesMax !== undefined && { statesMax }),
    isOver: ({ status }) => isTerminal(status),
  });
