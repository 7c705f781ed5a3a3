import {
  type Actor,
  type AggregateRef,
  COMMAND_VERSION,
  type CommandId,
  type ExecutionCommand,
  executionRef,
  type LockCommit,
  type Refusal,
  type SentCommand,
} from '@throughline/contracts';
import type { CommandTo } from '../child-effects.ts';
import { derivedId } from '../hashes.ts';
import { LOCK_ERRORS } from './lock-errors.ts';
import { claimKey, type LockClaim, type LockHolder, type LockState } from './lock-state.ts';

/**
 * What a lock tells executions. Every message has an id of the log's making and is judged by what it finds: a grant to a
 * step that waits no more is refused there, and the refusal gives the lock back.
 */

const ENGINE: Actor = { kind: 'system', id: 'engine' };

const toExecution = (
  lock: AggregateRef,
  { execution, request, traceparent }: Pick<LockClaim, 'execution' | 'request' | 'traceparent'>,
  about: readonly (string | number)[],
  command: ExecutionCommand,
): CommandTo => {
  // 32 hex digits are a subject token.
  const id = derivedId(...about, lock.tenant, lock.aggregateId, execution, request) as CommandId;
  const to = executionRef(lock.tenant, execution);
  const envelope = { v: COMMAND_VERSION as typeof COMMAND_VERSION, id, actor: ENGINE };
  const causationId = `lock.${lock.aggregateId}`;
  const sent = { ...envelope, causationId, ...(traceparent === null ? {} : { traceparent }), ...command };
  return { id: `${to.tenant}.${to.aggregateId}.${id}`, ref: to, command: sent };
};

const nameOf = ({ asset, ref }: LockState): string => asset ?? ref.aggregateId;

const grantTo = (state: LockState, holder: LockHolder): CommandTo => {
  const { request, fencingToken } = holder;
  const body = { request, asset: nameOf(state), fencingToken };
  return toExecution(state.ref, holder, ['lock-grant', fencingToken], { type: 'RecordLockGrant', body });
};

const takenFrom = (state: LockState, holder: LockHolder): CommandTo => {
  const { request, fencingToken, revoked } = holder;
  const asset = nameOf(state);
  const why = revoked
    ? `an operator took it${revoked.reason === null ? '' : `: ${revoked.reason}`}`
    : 'its holder did not answer';
  const cause = `TL0144: the lock of '${asset}' is lost, ${why}`;
  const body = { request, asset, fencingToken, error: LOCK_ERRORS.lost, cause };
  return toExecution(state.ref, holder, ['lock-lost', fencingToken], { type: 'FailLock', body });
};

/** What the present holder has to know: of its grant, or that it is to give the lock back. */
export const awaitedOfHolder = (state: LockState): readonly CommandTo[] => {
  const { holder } = state;
  if (!holder) return [];
  return [holder.revoked ? takenFrom(state, holder) : grantTo(state, holder)];
};

/** Said for the first time by a commit, and those that it says again. */
export const messagesOfCommit = (
  state: LockState,
  commit: Pick<LockCommit, 'version' | 'events'>,
): { readonly first: readonly CommandTo[]; readonly again: readonly CommandTo[] } => {
  const { holder } = state;
  const about = (type: 'LockRevoked' | 'LockHolderAsked'): boolean =>
    holder !== null && commit.events.some((event) => event.type === type && claimKey(event) === claimKey(holder));
  const granted = commit.events.some(
    (event) => event.type === 'LockGranted' && event.fencingToken === holder?.fencingToken,
  );
  const isNews = granted || about('LockRevoked');
  return {
    first: [...(isNews ? awaitedOfHolder(state) : []), ...lostBy(state, commit.version)],
    again: !isNews && about('LockHolderAsked') ? awaitedOfHolder(state) : [],
  };
};

/** To those whom one version took the lock from. */
export const lostBy = (state: LockState, version: number): readonly CommandTo[] =>
  state.lost
    .filter((lost) => lost.version === version)
    .map(({ holder }) => takenFrom(state, holder))
    .toArray();

/** A step that cannot get a lock must not wait for it. */
export const requestRefused = (ref: AggregateRef, command: SentCommand, refusal: Refusal): readonly CommandTo[] => {
  if (command.type !== 'AcquireLock') return [];
  const { execution, request, asset } = command.body;
  const error = refusal.code === 'TL0141' ? LOCK_ERRORS.queueFull : LOCK_ERRORS.unavailable;
  const body = { request, asset, error, cause: `${refusal.code}: ${refusal.message}` };
  const claim = { execution, request, traceparent: command.traceparent ?? null };
  return [toExecution(ref, claim, ['lock-refused'], { type: 'FailLock', body })];
};
