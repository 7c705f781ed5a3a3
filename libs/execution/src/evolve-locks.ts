import type { AttemptToken } from '@throughline/contracts';
import { mustRequest, withoutRequest, withRequest } from './asset-locks.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import type { EventOf } from './event-data.ts';
import { moving, restingAs } from './evolve-control.ts';
import { WAITS } from './evolve-states.ts';
import type { ExecutionState } from './execution-state.ts';
import { frameOf, type FramePhase, withFrame } from './frames.ts';

export const locksRequested = (
  state: ExecutionState,
  event: EventOf<'LocksRequested'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  // The cast names what the two numbers make: a token by its own schema.
  const token = `${state.version + 1}.${state.roundEvents}` as AttemptToken;
  const frames = withFrame(state.frames, {
    ...frameOf(state.frames, event.frame),
    phase: { kind: 'lock', request: token },
  });
  const traceparent = command.traceparent ?? null;
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    frames,
    status: moving(state, restingAs(state.attempts, frames)),
    locks: withRequest(state.locks, event, { token, requestedAt: command.at, traceparent }),
    ...WAITS,
  };
};

export const lockWaitEnded = (state: ExecutionState, { request, how }: EventOf<'LockWaitEnded'>): ExecutionState => {
  const frame = frameOf(state.frames, mustRequest(state.locks, request).frame);
  const phase: FramePhase = { kind: how === 'suspended' ? 'again' : 'inside' };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    frames: withFrame(state.frames, { ...frame, phase }),
    // What follows may be the end of the execution, and a wait does not succeed.
    status: moving(state, 'running'),
    locks: withoutRequest(state.locks, request, state.version + 1),
  };
};
