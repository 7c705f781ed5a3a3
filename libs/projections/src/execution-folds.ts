import { executionRef, isTerminal } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { executionDecider, type ExecutionState, foldCommit } from '@throughline/execution';
import type { ProjectedRecord } from './projection.ts';

const STATES_MAX = 2_000;

interface Kept {
  readonly state: ExecutionState;
  /** Still to be folded onto `state`, where the caller did not say what it leads to. */
  readonly next?: LoggedCommit;
}

/**
 * Folded states of the executions that a projection reads about, because events point to payloads rather than hold
 * them. Bounded; a miss folds from the log. Asking for a record twice (a batch that is applied again) gives the same.
 */
export class ExecutionFolds {
  readonly #log: EventLog;
  readonly #statesMax: number;
  readonly #kept = new Map<string, Kept>();

  constructor(log: EventLog, options: { readonly statesMax?: number } = {}) {
    this.#log = log;
    this.#statesMax = options.statesMax ?? STATES_MAX;
  }

  /** The state right before `record`, which must be of an execution. Records in log order cost no read. */
  async before(record: ProjectedRecord): Promise<ExecutionState> {
    const { tenant, aggregateId, version } = record.commit;
    const key = `${tenant}.${aggregateId}`;
    let state = this.#current(key);
    if (state?.version !== version - 1) state = await this.#foldTo(record, state);
    this.#keep(key, { state, next: record });
    return state;
  }

  /** Optional: saves folding `record` again where the caller has done so. */
  after(record: ProjectedRecord, state: ExecutionState): void {
    const key = `${record.commit.tenant}.${record.commit.aggregateId}`;
    // An ended execution has no commits to come.
    if (isTerminal(state.status)) this.#kept.delete(key);
    else this.#keep(key, { state });
  }

  #current(key: string): ExecutionState | undefined {
    const kept = this.#kept.get(key);
    return kept && (kept.next ? foldCommit(kept.state, kept.next) : kept.state);
  }

  async #foldTo(record: ProjectedRecord, from: ExecutionState | undefined): Promise<ExecutionState> {
    const { tenant, aggregateId, version } = record.commit;
    const ref = executionRef(tenant, aggregateId);
    // A state from further on (a batch applied again) is of no use; one from before saves reading its commits.
    let state = from && from.version < version ? from : executionDecider.initial(ref);
    if (state.version === version - 1) return state;
    const read = await this.#log.read(ref, { fromSeq: state.seq + 1, toVersion: version - 1 });
    if (read.kind === 'unreadable') throw new Error(`${aggregateId} cannot be folded: ${read.problem}`);
    for (const logged of read.commits) {
      state = foldCommit(state, logged);
    }
    if (state.version !== version - 1) {
      throw new Error(`${aggregateId} is at version ${state.version} on the log where ${version - 1} was expected`);
    }
    return state;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size <= this.#statesMax) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }
}
