import type { AnyState, ExecutionState, Frame, WalkedEvent } from '@throughline/execution';

/** One visit of a state, as the read models name it. */
export interface Visit {
  readonly state: string;
  readonly frame: string;
  readonly visit: number;
}

export const visitKey = ({ state, frame, visit }: Visit): string => `${frame}/${visit}/${state}`;

const isExecution = (state: AnyState): state is ExecutionState => state.ref.aggregate === 'execution';

const visitOf = (frame: Frame | undefined): Visit | undefined =>
  frame && frame.state !== '' ? { state: frame.state, frame: frame.id, visit: frame.visit } : undefined;

/** The visit that an event is about; undefined where it is about the whole execution. */
export const stepOfEvent = ({ event, before, after }: WalkedEvent<AnyState>): Visit | undefined => {
  if (!isExecution(before) || !isExecution(after)) return undefined;
  const visitIn = (frame: string): Visit | undefined =>
    // What ends in this event stands in the state before; what is entered with it, only after.
    event.type === 'StateEntered'
      ? visitOf(after.frames.byId.get(frame))
      : (visitOf(before.frames.byId.get(frame)) ?? visitOf(after.frames.byId.get(frame)));
  if ('frame' in event) return visitIn(event.frame);
  if ('token' in event && event.token !== undefined) {
    const attempt = before.attempts.get(event.token) ?? after.attempts.get(event.token);
    return attempt && { state: attempt.state, frame: attempt.frame, visit: attempt.visit };
  }
  if ('timer' in event) {
    const timer = before.timers.get(event.timer);
    return timer && visitIn(timer.frame);
  }
  return undefined;
};
