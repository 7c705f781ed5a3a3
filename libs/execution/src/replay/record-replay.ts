import type { CorrelationId, Json, ReplayEvent } from '@throughline/contracts';
import { type Decision, refused, type ReplayCommandRecord } from '../decider.ts';
import { canonicalHash } from '../hashes.ts';
import type { ReplayState } from './replay-state.ts';

const EVENT_BYTES = 40;

/** A session holds one verdict: a second one under the same id is either the same or a mistake. */
export const decideReplay = (state: ReplayState, command: ReplayCommandRecord): Decision<ReplayState, ReplayEvent> => {
  const { executionId, mode, result } = command.body;
  if (state.replay) {
    const { at: _at, ...recorded } = state.replay;
    // Both were parsed from JSON text.
    return canonicalHash(recorded as unknown as Json) ===
      canonicalHash({ executionId, mode, result } as unknown as Json)
      ? { kind: 'duplicate', version: 1 }
      : refused('TL0104', `replay session ${state.ref.aggregateId} holds another verdict already`);
  }
  const event: ReplayEvent = { type: 'ReplayCompleted' };
  return { kind: 'accepted', events: [event], after: evolveReplay(state, event, command), bytes: EVENT_BYTES };
};

export const evolveReplay = (state: ReplayState, _event: ReplayEvent, command: ReplayCommandRecord): ReplayState => {
  const { executionId, mode, result } = command.body;
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    // Both brands are one subject token.
    correlationId: executionId as unknown as CorrelationId,
    replay: { executionId, mode, result, at: command.at },
  };
};
