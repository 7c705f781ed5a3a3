import type { AggregateRef } from '@throughline/contracts';
import { logSubject } from '@throughline/contracts';
import { type AnyState, deciderOf, type ExecutionState, foldCommit } from '@throughline/execution';
import type { SimulatedLog } from './simulated-log.ts';

/** What the log says of every aggregate at this moment, whatever any program knows of it. */
export class LogStates {
  private readonly states = new Map<string, AnyState>();
  private readonly log: SimulatedLog;
  private folded = 0;

  constructor(log: SimulatedLog) {
    this.log = log;
  }

  all(): readonly AnyState[] {
    for (const logged of this.log.commits().slice(this.folded)) {
      const { tenant, aggregate, aggregateId } = logged.commit;
      const before =
        this.states.get(logged.subject) ?? deciderOf<AnyState>(aggregate).initial({ tenant, aggregate, aggregateId });
      this.states.set(logged.subject, foldCommit(before, logged));
      this.folded = logged.seq;
    }
    return [...this.states.values()];
  }

  execution(ref: AggregateRef): ExecutionState {
    this.all();
    // The ref says which aggregate's state it is.
    return (this.states.get(logSubject(ref)) ?? deciderOf<AnyState>('execution').initial(ref)) as ExecutionState;
  }
}
