import type { ExecutionCommandRecord } from './decider.ts';
import { derivedOf, standingAt } from './derived.ts';
import type { EventOf } from './event-data.ts';
import { mustAttempt } from './evolve-steps.ts';
import type { ExecutionState } from './execution-state.ts';
import { adoptedFrames, frameOf, withFrame } from './frames.ts';
import { framesFrom } from './frames-json.ts';
import { Map } from 'immutable';

/** It begins with what the original had come to, where its start says so. */
export const originAdopted = (state: ExecutionState, command: ExecutionCommandRecord): ExecutionState => {
  const origin = command.type === 'StartExecution' ? command.body.origin : undefined;
  if (!origin) throw new Error(`OriginAdopted by a ${command.type} without an origin`);
  const adopted = { ...state, roundEvents: state.roundEvents + 1, derived: derivedOf(origin) };
  const { base } = origin;
  if (!base) return adopted;
  const frames = adoptedFrames(framesFrom(base.frames));
  return {
    ...adopted,
    derived: standingAt(adopted.derived, [...frames.byId.values()]),
    frames,
    statesLeft: Map(base.statesLeft.map((name) => [name, true])),
    historyEventId: base.historyEventId,
  };
};

/** The attempt that the record did not answer was none: its state begins it again. */
export const stepReleased = (state: ExecutionState, { token }: EventOf<'StepReleased'>): ExecutionState => {
  const attempt = mustAttempt(state, token);
  const frame = frameOf(state.frames, attempt.frame);
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    attempts: state.attempts.remove(token),
    frames: withFrame(state.frames, { ...frame, phase: { kind: 'again' }, attempts: frame.attempts - 1 }),
    derived: state.derived && { ...state.derived, isLive: true },
  };
};
