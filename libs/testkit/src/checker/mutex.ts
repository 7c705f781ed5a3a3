import type { LockCommit, Tenant } from '@throughline/contracts';
import { lockRef } from '@throughline/execution';
import { type EventSeen, keyOfCommit, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

interface Grant {
  readonly claim: string;
  readonly token: number;
}

interface Lock {
  holder: Grant | undefined;
  /** Those who wait for it. */
  readonly queue: Set<string>;
  /** Who was granted which token. */
  readonly granted: Map<number, string>;
  /** Tokens whose holders the lock went on without. */
  readonly expired: Set<number>;
  tokenMax: number;
  /** Attempts that hold it, as the executions say. */
  readonly users: Map<string, number>;
}

/** Nobody is granted what another one holds, tokens rise, and executions hold what they were granted and nothing else. */
export class Mutexes {
  readonly #locks = new Map<string, Lock>();

  takeLock({ commit, seq }: { readonly commit: LockCommit; readonly seq: number }, table: PromiseTable): void {
    const lock = this.#lock(keyOfCommit(commit));
    const askedBy = claimsByEvent(commit);
    commit.events.forEach((event, index) => {
      const wrong = (problem: string): void => table.violated('mutex', placeOf(commit, seq, index), problem);
      switch (event.type) {
        case 'LockRequested': {
          table.checked('mutex');
          const claim = askedBy.get(index) ?? '';
          if (lock.holder?.claim === claim || lock.queue.has(claim)) wrong(`${claim} asks for what it has asked for`);
          lock.queue.add(claim);
          return;
        }
        case 'LockGranted': {
          table.checked('mutex');
          const { fencingToken: token } = event;
          const claim = claimOf(event);
          if (lock.holder) wrong(`granted to ${claim} while ${lock.holder.claim} holds it`);
          if (token <= lock.tokenMax) wrong(`token ${token} after token ${lock.tokenMax}`);
          lock.holder = { claim, token };
          lock.queue.delete(claim);
          lock.tokenMax = Math.max(lock.tokenMax, token);
          lock.granted.set(token, claim);
          return;
        }
        case 'LockReleased':
        case 'LockExpired': {
          table.checked('mutex');
          const claim = claimOf(event);
          if (lock.holder?.claim !== claim)
            wrong(`${event.type} of ${claim}, and ${lock.holder?.claim ?? 'nobody'} holds it`);
          if (event.type === 'LockExpired') lock.expired.add(event.fencingToken);
          lock.holder = undefined;
          return;
        }
        case 'LockWaitLeft':
          lock.queue.delete(claimOf(event));
          return;
        case 'LockHolderAsked':
        case 'LockRenewed':
        case 'LockRevoked':
          return table.expect(
            lock.holder?.claim === claimOf(event),
            'mutex',
            placeOf(commit, seq, index),
            `${event.type} of ${claimOf(event)}, which does not hold it`,
          );
        default:
          return;
      }
    });
  }

  /** Whether the lock of an asset knows of a request: it waits there, or has the lock. */
  knows(tenant: Tenant, asset: string, claim: string): 'waits' | 'holds' | undefined {
    const { aggregate, aggregateId } = lockRef(tenant, asset);
    const lock = this.#locks.get(`${tenant}/${aggregate}/${aggregateId}`);
    if (lock?.queue.has(claim)) return 'waits';
    return lock?.holder?.claim === claim ? 'holds' : undefined;
  }

  takeEvent(seen: EventSeen, table: PromiseTable): void {
    switch (seen.event.type) {
      case 'LockTaken':
        return this.#taken(seen, seen.event, table);
      case 'StepScheduled':
        if (seen.event.lockRequest !== undefined) this.#used(seen, seen.event.lockRequest, table);
        return;
      case 'StepSucceeded':
      case 'StepFailed':
      case 'StepTimedOut':
      case 'StepCancelled':
        return this.#given(seen, seen.event.token);
      default:
        return;
    }
  }

  /** What an execution says that it was given, the lock has granted to it. */
  #taken(
    seen: EventSeen,
    event: { readonly request: string; readonly fencingToken: number },
    table: PromiseTable,
  ): void {
    const { commit, seq, index, book } = seen;
    const request = book.requests.get(event.request);
    const asset = request?.assets[request.taken.length];
    table.checked('mutex');
    const wrong = (problem: string): void => table.violated('mutex', placeOf(commit, seq, index), problem);
    if (asset === undefined) return wrong(`request ${event.request} waits for no lock`);
    const claim = `${commit.aggregateId}/${event.request}`;
    const granted = this.#lockOf(seen, asset).granted.get(event.fencingToken);
    if (granted !== claim) wrong(`token ${event.fencingToken} of '${asset}' was granted to ${granted ?? 'nobody'}`);
  }

  /** An attempt begins with all of its locks, and while no other attempt has them. */
  #used(seen: EventSeen, lockRequest: string, table: PromiseTable): void {
    const { commit, seq, index, book } = seen;
    const request = book.requests.get(lockRequest);
    table.checked('mutex');
    const wrong = (problem: string): void => table.violated('mutex', placeOf(commit, seq, index), problem);
    if (!request) return wrong(`the attempt holds request ${lockRequest}, which is not open`);
    const attempt = `${commit.aggregateId}/${commit.version}.${index}`;
    request.assets.forEach((asset, i) => {
      const token = request.taken[i];
      if (token === undefined) return wrong(`the attempt begins without the lock of '${asset}'`);
      const lock = this.#lockOf(seen, asset);
      for (const [other, held] of lock.users) {
        // Whoever did not answer the lock in time may still run: the asset refuses its token.
        if (!lock.expired.has(held)) wrong(`attempt ${other} has the lock of '${asset}' too`);
      }
      lock.users.set(attempt, token);
    });
  }

  #given(seen: EventSeen, token: string): void {
    const lockRequest = seen.book.attempts.get(token)?.lockRequest;
    const request = lockRequest === undefined ? undefined : seen.book.requests.get(lockRequest);
    for (const asset of request?.assets ?? []) {
      this.#lockOf(seen, asset).users.delete(`${seen.commit.aggregateId}/${token}`);
    }
  }

  #lockOf({ commit }: EventSeen, asset: string): Lock {
    const { tenant, aggregate, aggregateId } = lockRef(commit.tenant, asset);
    return this.#lock(`${tenant}/${aggregate}/${aggregateId}`);
  }

  #lock(key: string): Lock {
    const known = this.#locks.get(key);
    if (known) return known;
    const lock: Lock = {
      holder: undefined,
      queue: new Set(),
      granted: new Map(),
      expired: new Set(),
      tokenMax: 0,
      users: new Map(),
    };
    this.#locks.set(key, lock);
    return lock;
  }
}

/** The event has nothing but its command: who asked, by the index of the event. */
const claimsByEvent = ({ commands }: LockCommit): ReadonlyMap<number, string> => {
  const claims = new Map<number, string>();
  let index = 0;
  for (const command of commands) {
    if (command.type === 'AcquireLock') claims.set(index, claimOf(command.body));
    index += command.events;
  }
  return claims;
};

const claimOf = ({ execution, request }: { readonly execution: string; readonly request: string }): string =>
  `${execution}/${request}`;
