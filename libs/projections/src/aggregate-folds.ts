import { type AggregateRef, isTerminal } from '@throughline/contracts';
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
}

export interface FoldOptions<S> {
  readonly statesMax?: number;
  /** True where no commits are to be expected, so that the state need not be kept. */
  readonly isOver?: (state: S) => boolean;
}

const keyOf = ({ commit }: ProjectedRecord): string => `${commit.tenant}.${commit.aggregate}.${commit.aggregateId}`;

/**
 * Folded states of the aggregates that a projection reads about, because events point to payloads rather than hold them, and rows
 * show a state rather than single events. Bounded; a miss folds from the log. Asking for a record twice (a batch that is
 * applied again) gives the same.
 */
export class AggregateFolds<S extends AnyState> {
  readonly #log: EventLog;
  readonly #options: FoldOptions<S>;
  readonly #statesMax: number;
  readonly #kept = new Map<string, Kept<S>>();

  constructor(log: EventLog, options: FoldOptions<S> = {}) {
    this.#log = log;
    this.#options = options;
    this.#statesMax = options.statesMax ?? STATES_MAX;
  }

  /** Reads at once what `before` would read one by one. Of a batch, and before it is gone through. */
  async warm(batch: readonly ProjectedRecord[]): Promise<void> {
    const missing = this.#missing(batch).values();
    let failed = false;
    const readSome = async (): Promise<void> => {
      for (const record of missing) {
        if (failed) return;
        const key = keyOf(record);
        this.#keep(key, { state: await this.#foldTo(record, this.#current(key)) });
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

  /** The first records of the aggregates that are not kept, as many as can be. */
  #missing(batch: readonly ProjectedRecord[]): readonly ProjectedRecord[] {
    const first = new Map<string, ProjectedRecord>();
    for (const record of batch) {
      const key = keyOf(record);
      if (first.size < this.#statesMax && !first.has(key)) first.set(key, record);
    }
    return [...first.values()].filter((record) => {
      const kept = this.#kept.get(keyOf(record));
      return (
        record.commit.version > 1 && (kept?.next?.commit.version ?? kept?.state.version) !== record.commit.version - 1
      );
    });
  }

  /** The state right before `record`. Records in log order cost no read. */
  async before(record: ProjectedRecord): Promise<S> {
    const key = keyOf(record);
    let state = this.#current(key);
    if (state?.version !== record.commit.version - 1) state = await this.#foldTo(record, state);
    this.#keep(key, { state, next: record });
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
    const key = keyOf(record);
    if (this.#options.isOver?.(state) === true) this.#kept.delete(key);
    else this.#keep(key, { state });
  }

  #current(key: string): S | undefined {
    const kept = this.#kept.get(key);
    return kept && (kept.next ? foldCommit(kept.state, kept.next) : kept.state);
  }

  async #foldTo(record: ProjectedRecord, from: S | undefined): Promise<S> {
    const { tenant, aggregate, aggregateId, version } = record.commit;
    const ref: AggregateRef = { tenant, aggregate, aggregateId };
    // A state from further on (a batch applied again) is of no use; one from before saves reading its commits.
    let state = from && from.version < version ? from : deciderOf<S>(aggregate).initial(ref);
    if (state.version === version - 1) return state;
    const read = await this.#log.read(ref, { fromSeq: state.seq + 1, toVersion: version - 1 });
    if (read.kind === 'unreadable') throw new Error(`${aggregateId} cannot be folded: ${read.problem}`);
    for (const logged of read.commits) state = foldCommit(state, logged);
    if (state.version !== version - 1) {
      throw new Error(`${aggregateId} is at version ${state.version} on the log where ${version - 1} was expected`);
    }
    return state;
  }

  #keep(key: string, kept: Kept<S>): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size <= this.#statesMax) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }
}

/** An ended execution has no commits to come. */
export const executionFolds = (log: EventLog, statesMax?: number): AggregateFolds<ExecutionState> =>
  new AggregateFolds(log, {
    ...(statesMax !== undefined && { statesMax }),
    isOver: ({ status }) => isTerminal(status),
  });
