import type { AttemptToken } from '@throughline/contracts';
import { heldByAttempt, withoutRequest } from './asset-locks.ts';
import { childRequest, waitsForChild } from './child-request.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import { type EventOf, valueOf } from './event-data.ts';
import { moving, restingAs, withClosedApprovals } from './evolve-control.ts';
import { counted, WAITS } from './evolve-states.ts';
import { attemptOf, type ExecutionState, type OpenAttempt, STOPPED_CHILDREN_MAX } from './execution-state.ts';
import { frameOf, hasMapRun, withFrame, withoutDescendants } from './frames.ts';
import { historyCounted, showsSteps } from './history-event-ids.ts';

export const stepScheduled = (
  state: ExecutionState,
  event: EventOf<'StepScheduled'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const frame = frameOf(state.frames, event.frame);
  // The cast names what the two numbers make: a token by its own schema.
  const token = `${state.version + 1}.${state.roundEvents}` as AttemptToken;
  const attempt: OpenAttempt = {
    token,
    frame: event.frame,
    state: event.state,
    visit: event.visit,
    attempt: event.attempt,
    resource: event.resource,
    awaits: event.awaits ?? 'result',
    submitted: false,
    queue: event.queue,
    handler: event.handler,
    input: valueOf(event.input, frame.data, command),
    effectClass: event.effectClass,
    idempotencyKey: event.idempotencyKey,
    timeoutMs: event.timeoutMs ?? null,
    heartbeatMs: event.heartbeatMs ?? null,
    priority: event.priority ?? 'normal',
    queueWaitMs: event.queueWaitMs ?? null,
    scheduledAt: command.at,
    lastSeenAt: command.at,
    timers: [],
    lockRequest: event.lockRequest ?? null,
    traceparent: command.traceparent ?? null,
  };
  const frames = withFrame(state.frames, { ...frame, phase: { kind: 'step', token }, attempts: event.attempt });
  const attempts = state.attempts.set(token, attempt);
  const isForPeople = attempt.awaits === 'approval' || attempt.awaits === 'signal';
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    status: moving(state, isForPeople ? restingAs(attempts, frames) : 'running'),
    attempts,
    locks: event.lockRequest ? heldByAttempt(state.locks, event.lockRequest, token) : state.locks,
    ...WAITS,
    // AWS writes a scheduled and a started event; an activity's second one when somebody takes it.
    ...historyCounted(
      state.historyEventId,
      frames,
      event.frame,
      showsSteps(frame) ? (event.awaits === 'activity' ? 1 : 2) : 0,
    ),
  };
};

export const mustAttempt = (state: ExecutionState, token: AttemptToken): OpenAttempt => {
  const attempt = attemptOf(state, token);
  if (!attempt) throw new Error(`attempt ${token} is not open`);
  return attempt;
};

/** How long it may lie on the queue was said of the first time. */
export const stepOffered = (state: ExecutionState, token: AttemptToken): ExecutionState => {
  // The cast names what the two numbers make: the event's place on the log.
  const offer = `${state.version + 1}.${state.roundEvents}` as AttemptToken;
  const attempt = { ...mustAttempt(state, token), offer, queueWaitMs: null };
  return { ...state, roundEvents: state.roundEvents + 1, attempts: state.attempts.set(token, attempt) };
};

export const stepSubmitted = (state: ExecutionState, token: AttemptToken): ExecutionState => {
  const attempt = { ...mustAttempt(state, token), submitted: true };
  const historyEvents = showsSteps(frameOf(state.frames, attempt.frame)) ? 1 : 0;
  return { ...counted(state, attempt.frame, historyEvents), attempts: state.attempts.set(token, attempt) };
};

export const attemptClosed = (state: ExecutionState, token: AttemptToken, historyEvents: 0 | 1): ExecutionState => {
  const attempt = mustAttempt(state, token);
  const n = showsSteps(frameOf(state.frames, attempt.frame)) ? historyEvents : 0;
  return {
    ...counted(state, attempt.frame, n, { phase: { kind: 'inside' } }),
    attempts: state.attempts.remove(token),
    locks:
      attempt.lockRequest === null ? state.locks : withoutRequest(state.locks, attempt.lockRequest, state.version + 1),
  };
};

/** What it leads to is decided next: until then the execution runs. */
export const attemptEnded = (state: ExecutionState, token: AttemptToken): ExecutionState => {
  const closed = attemptClosed(state, token, 1);
  return closed.status === 'waiting' || closed.status === 'awaiting_approval'
    ? { ...closed, status: moving(closed, 'running') }
    : closed;
};

/** Nobody waits any more for what the attempt was to get from others. */
export const attemptCut = (
  state: ExecutionState,
  attempt: OpenAttempt,
  how: 'expired' | 'cancelled',
  command: ExecutionCommandRecord,
): ExecutionState =>
  attempt.awaits === 'approval'
    ? { ...state, approvals: withClosedApprovals(state, attempt.token, how, command.at) }
    : childStopped(state, attempt);

/** Nobody waits any more for the child that the attempt has started. */
const childStopped = (state: ExecutionState, attempt: OpenAttempt): ExecutionState => {
  if (!waitsForChild(attempt)) return state;
  const request = childRequest(state.ref, attempt);
  if (!request.ok) return state;
  const kept = state.stopped.size < STOPPED_CHILDREN_MAX ? state.stopped : state.stopped.shift();
  const child = { id: request.id, token: attempt.token, version: state.version + 1 };
  return { ...state, stopped: kept.push(child) };
};

export const retryScheduled = (state: ExecutionState, event: EventOf<'RetryScheduled'>): ExecutionState => {
  const frame = frameOf(state.frames, event.frame);
  const retries = [...frame.retries];
  for (let i = retries.length; i < event.retrier; i += 1) retries.push(0);
  retries[event.retrier] = event.retry;
  const remaining = frame.fanOut ? withoutDescendants(state.frames, frame.id) : state.frames;
  const frames = withFrame(remaining, { ...frame, phase: { kind: 'inside' }, fanOut: null, retries });
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    // The Map goes on, with another Map Run.
    ...historyCounted(state.historyEventId, frames, frame.id, hasMapRun(frame) ? 1 : 0),
  };
};
