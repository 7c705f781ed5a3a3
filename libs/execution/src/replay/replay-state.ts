import {
  type Actor,
  type AggregateRef,
  type Instant,
  type ReplayProgress,
  type ReplayRequest,
  type ReplayResult,
  RULES_VERSION,
} from '@throughline/contracts';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

interface Asked {
  readonly request: ReplayRequest;
  readonly at: Instant;
  readonly by: Actor;
  /** How often it was begun. */
  readonly attempts: number;
}

/** One comparison of what the log holds with what decide makes of it: asked for, worked on, and ended. */
export type ReplaySession =
  | (Asked & { readonly status: 'pending' })
  | (Asked & {
      readonly status: 'running';
      readonly startedAt: Instant;
      /** The process that works on it, and when it last said so. */
      readonly runner: string;
      readonly renewedAt: Instant;
      readonly progress: ReplayProgress | null;
    })
  | (Asked & {
      readonly status: 'completed';
      readonly startedAt: Instant;
      readonly endedAt: Instant;
      readonly result: ReplayResult;
    })
  | (Asked & {
      readonly status: 'failed';
      readonly startedAt: Instant | null;
      readonly endedAt: Instant;
      readonly error: { readonly code: string; readonly message: string };
    });

export interface ReplayState extends AggregateState {
  readonly session: ReplaySession | null;
}

export const initialReplay = (ref: AggregateRef): ReplayState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  session: null,
});
