import { type AggregateRef, type Instant, type Json, RULES_VERSION } from '@throughline/contracts';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

export interface WorkflowVersion {
  readonly version: number;
  readonly hash: string;
  readonly definition: Json;
  readonly registeredAt: Instant;
  /** The commit that registered it. */
  readonly commitVersion: number;
}

export interface WorkflowState extends AggregateState {
  /** Null before the first registration. The aggregate's id may be a hash of it: see `workflowIdOf`. */
  readonly name: string | null;
  /** Version n stands at index n - 1. */
  readonly versions: readonly WorkflowVersion[];
}

export const initialWorkflow = (ref: AggregateRef): WorkflowState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  name: null,
  versions: [],
});

/** A version, or the latest where none is asked for. */
export const workflowVersionOf = (state: WorkflowState, version?: number): WorkflowVersion | undefined =>
  version === undefined ? state.versions.at(-1) : state.versions[version - 1];
