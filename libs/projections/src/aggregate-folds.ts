import type { AggregateRef } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type AnyState, deciderOf, foldCommit } from '@throughline/execution';
import type { ProjectedRecord } from './projection.ts';

const STATES_MAX = 2_000;

/**
 * Folded states of the aggregates of one kind, for projections whose rows show a state rather than single events. Bounded; a
 * miss folds from the log. Asking for a record twice (a batch that is applied again) gives the same.
 */
export class AggregateFolds<S extends AnyState> {
  readonly #log: EventLog;
  readonly #states = new Map<string, S>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** The state right after `record`. */
  async after(record: ProjectedRecord): Promise<S> {
    const { tenant, aggregate, aggregateId, version } = record.commit;
    const ref: AggregateRef = { tenant, aggregate, aggregateId };
    const key = `${tenant}.${aggregateId}`;
    const known = this.#states.get(key);
    const before = known?.version === version - 1 ? known : await this.#foldTo(ref, version - 1);
    const after = foldCommit(before, record);
    this.#states.delete(key);
    this.#states.set(key, after);
    if (this.#states.size > STATES_MAX) {
      const oldest = this.#states.keys().next();
      if (!oldest.done) this.#states.delete(oldest.value);
    }
    return after;
  }

  async #foldTo(ref: AggregateRef, version: number): Promise<S> {
    const initial = deciderOf<S>(ref.aggregate).initial(ref);
    if (version === 0) return initial;
    const read = await this.#log.read(ref, { toVersion: version });
    if (read.kind === 'unreadable') throw new Error(`${ref.aggregateId} cannot be folded: ${read.problem}`);
    return read.commits.reduce<S>(foldCommit, initial);
  }
}
