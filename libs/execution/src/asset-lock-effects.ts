import {
  type Actor,
  type AggregateRef,
  COMMAND_VERSION,
  type CommandId,
  type LockCommand,
  type LockRequestToken,
  type Refusal,
  type SentCommand,
} from '@throughline/contracts';
import { awaitedAsset, type LockRequest, openRequests } from './asset-locks.ts';
import type { CommandTo } from './child-effects.ts';
import { executionIdOf, type ExecutionState } from './execution-state.ts';
import { derivedId } from './hashes.ts';
import { lockRef } from './lock/lock-id.ts';

/** What executions tell locks: may be sent any number of times, for a lock knows each request by its token. */

const ENGINE: Actor = { kind: 'system', id: 'engine' };

interface Sending {
  readonly what: 'lock-acquire' | 'lock-release' | 'lock-renew';
  readonly from: AggregateRef;
  readonly request: LockRequestToken;
  readonly asset: string;
  readonly traceparent: string | null;
}

const toLock = ({ what, from, request, asset, traceparent }: Sending, command: LockCommand): CommandTo => {
  // 32 hex digits are a subject token.
  const id = derivedId(what, from.tenant, from.aggregateId, request, asset) as CommandId;
  const to = lockRef(from.tenant, asset);
  const envelope = { v: COMMAND_VERSION as typeof COMMAND_VERSION, id, actor: ENGINE };
  const causationId = `${from.aggregateId}.${request}`;
  const sent = { ...envelope, causationId, ...(traceparent === null ? {} : { traceparent }), ...command };
  return { id: `${to.tenant}.${to.aggregateId}.${id}`, ref: to, command: sent };
};

const acquire = (
  { ref, start }: ExecutionState,
  { token, state, traceparent }: LockRequest,
  asset: string,
): CommandTo => {
  if (!start) throw new Error(`a step of ${ref.aggregateId} waits, which has not started`);
  const claim = { execution: executionIdOf(ref), request: token };
  const body = { ...claim, asset, workflow: start.workflow.name, state };
  const sending: Sending = { what: 'lock-acquire', from: ref, request: token, asset, traceparent };
  return toLock(sending, { type: 'AcquireLock', body });
};

const release = (ref: AggregateRef, request: LockRequestToken, asset: string): CommandTo =>
  toLock(
    { what: 'lock-release', from: ref, request, asset, traceparent: null },
    { type: 'ReleaseLock', body: { execution: executionIdOf(ref), request } },
  );

/** The lock that a request waits for; nothing where it waits no more. */
export const askForLock = (state: ExecutionState, token: LockRequestToken): readonly CommandTo[] => {
  const request = state.locks?.open.get(token);
  const asset = request && awaitedAsset(request);
  return !request || asset === undefined ? [] : [acquire(state, request, asset)];
};

/** Every lock that is waited for. */
export const askForLocks = (state: ExecutionState): readonly CommandTo[] =>
  openRequests(state.locks).flatMap(({ token }) => askForLock(state, token));

/** For the requests that one version of the execution has ended. */
export const giveBackLocks = ({ ref, locks }: ExecutionState, version: number): readonly CommandTo[] => {
  if (!locks) return [];
  return (
    locks.ended
      .toSeq()
      .reverse()
      // The versions rise, and mostly the last one is asked for.
      .skipWhile((request) => request.version > version)
      .takeWhile((request) => request.version === version)
      // What the same version had asked for was never sent.
      .filter(({ token }) => !token.startsWith(`${version}.`))
      .flatMap(({ token, assets }) => assets.map((asset) => release(ref, token, asset)))
      .toArray()
      .reverse()
  );
};

/** A grant that was heard before means that the lock asks. */
export const confirmLock = (ref: AggregateRef, command: SentCommand): readonly CommandTo[] => {
  if (command.type !== 'RecordLockGrant') return [];
  const { request, asset } = command.body;
  return [
    toLock(
      { what: 'lock-renew', from: ref, request, asset, traceparent: null },
      { type: 'RenewLock', body: { execution: executionIdOf(ref), request } },
    ),
  ];
};

/** There is no such execution, it has ended, its step or its step waits no more. */
const GIVES_BACK: readonly Refusal['code'][] = ['TL0105', 'TL0106', 'TL0147'];

/** A grant to nobody gives itself back; so does a loss that finds nobody, for the lock may be waiting for the answer. */
export const refusedGrant = (ref: AggregateRef, command: SentCommand, { code }: Refusal): readonly CommandTo[] => {
  if (command.type !== 'RecordLockGrant' && command.type !== 'FailLock') return [];
  const { request, asset, fencingToken } = command.body;
  return fencingToken !== undefined && GIVES_BACK.includes(code) ? [release(ref, request, asset)] : [];
};
