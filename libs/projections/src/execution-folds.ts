import type { EventLog } from '@throughline/event-log';
import type { ExecutionState } from '@throughline/execution';
import type { ProjectedRecord } from './projection.ts';

/**
 * Folded states of the executions that a projection reads about, because events point to payloads rather than hold
 * them. Bounded; a miss folds from the log. Asking for a record twice (a batch that is applied again) gives the same.
 */
export declare class ExecutionFolds {
  constructor(log: EventLog, options?: { readonly statesMax?: number });
  /** The state right before `record`, which must be of an execution. Records in log order cost no read. */
  before(record: ProjectedRecord): Promise<ExecutionState>;
}
