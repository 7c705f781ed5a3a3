import { isJsonObject, type Json, type JsonObject, readBack } from '@throughline/contracts';
import { List, Map, OrderedMap } from 'immutable';
import type { AggregateState } from './aggregate-state.ts';
import type { AnyState } from './any-state.ts';
import type { AssetLocks, EndedRequest, LockRequest } from './asset-locks.ts';
import { deciderOf } from './deciders.ts';
import type { ExecutionState } from './execution-state.ts';
import { framesFrom, mapFrom, type Plain } from './frames-json.ts';
import { claimKey, type LockClaim, type LockState, type LostHolder } from './lock/lock-state.ts';

/**
 * Any aggregate's state as JSON and back: what a snapshot keeps and a fork begins with. Between the two it may only be
 * text that keeps the order of keys: whether a payload is written again depends on it, so neither a canonical form nor
 * Postgres's `jsonb` will do. `stateHash` of both sides is the same, and so is whatever is folded and decided from there.
 */
export const stateToJson = (state: AnyState): JsonObject =>
  // What a state holds beside JSON are maps and lists, which give their own plain form.
  readBack({ ...state, ...asLists(state) } as unknown as Json) as JsonObject; // a state is an object

/** The maps that are no objects in JSON: one goes by order, and the other's keys are people's, `__proto__` among them. */
const asLists = (state: AnyState): object => {
  if ('queue' in state) return { queue: state.queue.toList() };
  return 'statesLeft' in state ? { statesLeft: state.statesLeft.keySeq() } : {};
};

/**
 * The state that `stateToJson` gave. What was written before a field existed has it as a new aggregate has. The JSON is
 * trusted: whoever kept it has checked its hash.
 */
export const stateFromJson = <S extends AnyState>(json: Json): S => {
  if (!isJsonObject(json) || !isJsonObject(json['ref'])) throw new Error('not the JSON of a state');
  const { ref } = json as unknown as AggregateState; // what stateToJson wrote
  const initial = deciderOf<S>(ref.aggregate).initial(ref);
  // Assigned onto a new state, so that it has the one shape that copies of it are fast with.
  return Object.assign(initial, json, restored(json));
};

/** The parts that are not plain JSON in memory. The casts say what `stateToJson` wrote there. */
const restored = (json: JsonObject): object => {
  const { ref } = json as unknown as AggregateState;
  switch (ref.aggregate) {
    case 'execution':
      return executionParts(json as unknown as Plain<ExecutionState>);
    case 'lock': {
      const { queue, lost } = json as unknown as Plain<LockState>;
      const claims = queue as unknown as readonly LockClaim[];
      return {
        queue: OrderedMap(claims.map((claim) => [claimKey(claim), claim])),
        lost: List(lost as unknown as readonly LostHolder[]),
      } satisfies Partial<LockState>;
    }
    default:
      return {};
  }
};

const executionParts = (plain: Plain<ExecutionState>): Partial<ExecutionState> => ({
  ...(plain.frames === undefined ? {} : { frames: framesFrom(plain.frames) }),
  ...(plain.cutFrom === undefined ? {} : { cutFrom: plain.cutFrom === null ? null : framesFrom(plain.cutFrom) }),
  ...(plain.locks === undefined ? {} : { locks: plain.locks === null ? null : locksFrom(plain.locks) }),
  approvals: mapFrom(plain.approvals),
  attempts: mapFrom(plain.attempts),
  timers: mapFrom(plain.timers),
  statesLeft: Map(((plain.statesLeft ?? []) as readonly string[]).map((name) => [name, true])),
  stopped: List((plain.stopped ?? []) as Iterable<never>),
});

const locksFrom = (plain: unknown): AssetLocks => {
  const { open, ended } = plain as Plain<AssetLocks>;
  return { open: mapFrom<LockRequest>(open), ended: List(ended as Iterable<EndedRequest>) };
};
