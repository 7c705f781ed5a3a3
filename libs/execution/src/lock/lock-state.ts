import {
  type AggregateRef,
  type ExecutionId,
  type Instant,
  type LockRequestToken,
  RULES_VERSION,
  type TimerId,
} from '@throughline/contracts';
import { List, OrderedMap } from 'immutable';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

/** A step that wants the asset for itself. */
export interface LockClaim {
  readonly execution: ExecutionId;
  readonly request: LockRequestToken;
  readonly workflow: string;
  readonly state: string;
  readonly since: Instant;
  readonly traceparent: string | null;
}

export interface LockHolder extends LockClaim {
  readonly fencingToken: number;
  readonly grantedAt: Instant;
  readonly leaseUntil: Instant;
  /** How often it was asked since it answered last. */
  readonly asked: number;
  /** An operator wants the lock back, for this reason. */
  readonly revoked: { readonly reason: string | null } | null;
}

/** Whom the lock was taken from without an answer. */
export interface LostHolder {
  readonly holder: LockHolder;
  /** The version that took it. */
  readonly version: number;
}

/** Lost holders that are remembered, for the case that the command that took the lock comes again. */
export const LOST_HOLDERS_MAX = 100;

export interface LockState extends AggregateState {
  /** Null before the first request. The aggregate's id may be a hash of it: see `lockRef`. */
  readonly asset: string | null;
  readonly holder: LockHolder | null;
  /** Of the last grant, whoever got it; 0: none yet. */
  readonly lastToken: number;
  /** In the order of their requests, by `claimKey`. */
  readonly queue: OrderedMap<string, LockClaim>;
  /** Ends the lease of some holder; one that comes early for the present holder goes on to the end of that one's. */
  readonly timer: { readonly id: TimerId; readonly dueAt: Instant } | null;
  readonly lost: List<LostHolder>;
}

export const claimKey = ({ execution, request }: Pick<LockClaim, 'execution' | 'request'>): string =>
  `${execution}/${request}`;

export const initialLock = (ref: AggregateRef): LockState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  asset: null,
  holder: null,
  lastToken: 0,
  queue: OrderedMap(),
  timer: null,
  lost: List(),
});
