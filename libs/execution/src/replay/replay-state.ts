import {
  type AggregateRef,
  type ExecutionId,
  type Instant,
  type REPLAY_MODES,
  type ReplayVerdict,
  RULES_VERSION,
} from '@throughline/contracts';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

/** One comparison of an execution's log with what decide makes of it. */
export interface RecordedReplay {
  readonly executionId: ExecutionId;
  readonly mode: (typeof REPLAY_MODES)[number];
  readonly result: ReplayVerdict;
  readonly at: Instant;
}

export interface ReplayState extends AggregateState {
  readonly replay: RecordedReplay | null;
}

export const initialReplay = (ref: AggregateRef): ReplayState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  replay: null,
});
