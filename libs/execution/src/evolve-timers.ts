import type { AttemptToken } from '@throughline/contracts';
import type { ExecutionCommandRecord } from './decider.ts';
import type { EventOf } from './event-data.ts';
import { asOfPause, moving, restingAs, withoutQueue } from './evolve-control.ts';
import { WAITS } from './evolve-states.ts';
import { attemptOf, type ExecutionState } from './execution-state.ts';
import { frameOf, type FramePhase, withFrame } from './frames.ts';

export const timerArmed = (
  state: ExecutionState,
  event: EventOf<'TimerArmed'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const timers = state.timers.set(event.timer, {
    id: event.timer,
    purpose: event.purpose,
    frame: event.frame,
    token: event.token ?? null,
    dueAt: state.pausedAt === null ? event.dueAt : asOfPause(event.dueAt, command.at, state.pausedAt),
    traceparent: command.traceparent ?? null,
  });
  if (event.purpose !== 'wait' && event.purpose !== 'retry') {
    const guarded = event.token && attemptOf(state, event.token);
    const attempts = guarded
      ? state.attempts.set(guarded.token, { ...guarded, timers: [...guarded.timers, event.timer] })
      : state.attempts;
    return { ...state, roundEvents: state.roundEvents + 1, timers, attempts };
  }
  const phase: FramePhase = { kind: event.purpose, timer: event.timer };
  const frames = withFrame(state.frames, { ...frameOf(state.frames, event.frame), phase });
  // Where no step is open and no frame can move, only timers are left.
  const status = moving(state, restingAs(state.attempts, frames));
  return { ...state, roundEvents: state.roundEvents + 1, timers, frames, status, ...WAITS };
};

export const timerClosed = (state: ExecutionState, event: EventOf<'TimerFired' | 'TimerCancelled'>): ExecutionState => {
  const closed = state.timers.get(event.timer);
  if (!closed) throw new Error(`timer ${event.timer} is not armed`);
  const timers = state.timers.remove(event.timer);
  if (closed.purpose !== 'wait' && closed.purpose !== 'retry') {
    const started = closed.purpose === 'start' && event.type === 'TimerFired' ? withoutQueue(state) : {};
    const attempts = withoutTimer(state, closed);
    return { ...state, roundEvents: state.roundEvents + 1, timers, attempts, ...started };
  }
  const frame = frameOf(state.frames, closed.frame);
  const frames = withFrame(state.frames, { ...frame, phase: { kind: 'inside' } });
  // A cancelled wait is the first step of an end, which sets the status itself.
  const status = event.type === 'TimerFired' ? moving(state, 'running') : state.status;
  return { ...state, roundEvents: state.roundEvents + 1, timers, frames, status };
};

/** The open attempts once a timer that guarded one of them is gone. */
const withoutTimer = (state: ExecutionState, closed: { id: string; token: AttemptToken | null }) => {
  const attempt = closed.token === null ? undefined : attemptOf(state, closed.token);
  if (!attempt) return state.attempts;
  const timers = attempt.timers.filter((timer) => timer !== closed.id);
  return state.attempts.set(attempt.token, { ...attempt, timers });
};
