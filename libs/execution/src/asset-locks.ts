import type { AttemptToken, ExecutionEvent, Instant, LockRequestToken, TimerId } from '@throughline/contracts';
import { List, Map } from 'immutable';
import type { FrameId } from './frames.ts';

/** What an execution knows of the locks that its steps wait for and hold. Null in the state of one that uses none. */
export interface AssetLocks {
  /** By token. */
  readonly open: Map<string, LockRequest>;
  /** Requests that are over, oldest first: their locks are to be given back. */
  readonly ended: List<EndedRequest>;
}

/** One attempt's wish for the locks of assets, from its wait to its end. */
export interface LockRequest {
  readonly token: LockRequestToken;
  readonly frame: FrameId;
  readonly state: string;
  /** In the one order in which all executions take locks. */
  readonly assets: readonly string[];
  /** Fencing tokens of those taken so far; the step waits for the next one. */
  readonly taken: readonly number[];
  readonly requestedAt: Instant;
  readonly waitMs: number | null;
  /** The attempt that holds them all. */
  readonly attempt: AttemptToken | null;
  readonly traceparent: string | null;
}

export interface EndedRequest {
  readonly token: LockRequestToken;
  /** Asked for, so perhaps held or waited for. */
  readonly assets: readonly string[];
  /** The version that ended it. */
  readonly version: number;
}

/** More than one commit can end. A give-back that is lost all the same comes about when the lock asks its holder. */
const ENDED_REQUESTS_MAX = 2_500;

const NO_LOCKS: AssetLocks = { open: Map(), ended: List() };

export const lockRequestOf = (locks: AssetLocks | null, token: LockRequestToken): LockRequest | undefined =>
  locks?.open.get(token);

/** In the order asked. */
export const openRequests = (locks: AssetLocks | null): readonly LockRequest[] =>
  locks ? [...locks.open.values()].sort((a, b) => positionOf(a.token) - positionOf(b.token)) : [];

const positionOf = (token: LockRequestToken): number => {
  const [version, index] = token.split('.');
  return Number(version) * EVENTS_PER_VERSION_MAX + Number(index);
};
const EVENTS_PER_VERSION_MAX = 10_000;

/** The asset that a request waits for; none where its attempt has begun. */
export const awaitedAsset = ({ assets, taken }: LockRequest): string | undefined => assets[taken.length];

/** The timer that bounds a wait follows its request on the log. */
export const waitTimerOf = (request: LockRequestToken): TimerId => {
  const [version, index] = request.split('.');
  // The cast names what the two numbers make: a subject token.
  return `${version}-${Number(index) + 1}` as TimerId;
};

/** The tokens that a worker hands to the assets. */
export const fencingTokensOf = ({ assets, taken }: LockRequest): Readonly<Record<string, number>> =>
  Object.fromEntries(assets.flatMap((asset, i) => (taken[i] === undefined ? [] : [[asset, taken[i]]])));

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

export const withRequest = (
  locks: AssetLocks | null,
  event: EventOf<'LocksRequested'>,
  more: Pick<LockRequest, 'token' | 'requestedAt' | 'traceparent'>,
): AssetLocks => {
  const { frame, state, assets, waitMs = null } = event;
  const request: LockRequest = { ...more, frame, state, assets, taken: [], waitMs, attempt: null };
  const { open, ended } = locks ?? NO_LOCKS;
  return { open: open.set(request.token, request), ended };
};

export const mustRequest = (locks: AssetLocks | null, token: LockRequestToken): LockRequest => {
  const request = lockRequestOf(locks, token);
  if (!request) throw new Error(`request ${token} is not open`);
  return request;
};

const changed = (locks: AssetLocks | null, request: LockRequest): AssetLocks => {
  const { open, ended } = locks ?? NO_LOCKS;
  return { open: open.set(request.token, request), ended };
};

export const withLockTaken = (locks: AssetLocks | null, event: EventOf<'LockTaken'>): AssetLocks => {
  const request = mustRequest(locks, event.request);
  return changed(locks, { ...request, taken: [...request.taken, event.fencingToken] });
};

/** From now on the locks are the attempt's. */
export const heldByAttempt = (locks: AssetLocks | null, token: LockRequestToken, attempt: AttemptToken): AssetLocks =>
  changed(locks, { ...mustRequest(locks, token), attempt });

/** Whatever the request has got, or may yet get, is to be given back. */
export const withoutRequest = (locks: AssetLocks | null, token: LockRequestToken, version: number): AssetLocks => {
  const { open, ended } = locks ?? NO_LOCKS;
  const { assets, taken } = mustRequest(locks, token);
  const kept = ended.size < ENDED_REQUESTS_MAX ? ended : ended.shift();
  return {
    open: open.remove(token),
    ended: kept.push({ token, assets: assets.slice(0, taken.length + 1), version }),
  };
};
