import {
  assertNever,
  type AttemptToken,
  type EventData,
  type ExecutionEvent,
  isJsonObject,
  type Json,
} from '@throughline/contracts';
import type { ExecutionCommandRecord } from './decider.ts';
import {
  attemptOf,
  type ExecutionEnd,
  type ExecutionState,
  type OpenAttempt,
  type StartFacts,
  visitsOf,
  withVisit,
} from './execution-state.ts';
import {
  anyReady,
  type Frame,
  frameOf,
  type FramePhase,
  onlyTimersAwaited,
  openRoot,
  ROOT_FRAME,
  withFrame,
} from './frames.ts';
import { transition } from './status.ts';

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

/**
 * One event folded. The log holds what evaluation gave, so this never looks at the machine. Every case copies the state
 * once, in one literal: merging partial states instead costs several times as much, and this runs for every event.
 */
export const evolve = (
  state: ExecutionState,
  event: ExecutionEvent,
  command: ExecutionCommandRecord,
): ExecutionState => {
  switch (event.type) {
    case 'ExecutionStarted':
      return started(state, event, command);
    case 'StateEntered':
      return entered(state, event, command);
    case 'StateExited':
      return exited(state, event, command);
    case 'StepScheduled':
      return stepScheduled(state, event, command);
    case 'StepSucceeded':
    case 'StepFailed':
    case 'StepTimedOut':
      return attemptClosed(state, event.token, 1);
    case 'StepCancelled':
      // AWS's history has no event for it.
      return attemptClosed(state, event.token, 0);
    case 'StepHeartbeatRecorded': {
      const attempt = mustAttempt(state, event.token);
      return {
        ...state,
        roundEvents: state.roundEvents + 1,
        attempts: { ...state.attempts, [event.token]: { ...attempt, lastSeenAt: command.at } },
      };
    }
    case 'RetryScheduled': {
      const frame = frameOf(state.frames, event.frame);
      const retries = [...frame.retries];
      for (let i = retries.length; i < event.retrier; i += 1) retries.push(0);
      retries[event.retrier] = event.retry;
      return { ...state, roundEvents: state.roundEvents + 1, frames: withFrame(state.frames, { ...frame, retries }) };
    }
    case 'ErrorCaught':
      return { ...state, roundEvents: state.roundEvents + 1 };
    case 'TimerArmed':
      return timerArmed(state, event, command);
    case 'TimerFired':
    case 'TimerCancelled':
      return timerClosed(state, event);
    case 'ContinuationRequested':
      return {
        ...state,
        roundEvents: state.roundEvents + 1,
        continuation: {
          version: state.version + 1,
          index: state.roundEvents,
          traceparent: command.traceparent ?? null,
        },
        continuationsWithoutWait: state.continuationsWithoutWait + 1,
      };
    case 'ExecutionSucceeded':
      return ended(state, 'succeeded', { at: command.at, output: frameOf(state.frames, ROOT_FRAME).data });
    case 'ExecutionFailed':
      return ended(state, 'failed', { at: command.at, error: event.error, cause: event.cause });
    case 'ExecutionCancelled':
      return ended(state, 'cancelled', { at: command.at });
    case 'ExecutionTimedOut':
      return ended(state, 'timed_out', { at: command.at });
    default:
      return assertNever(event);
  }
};

/** The value that an event's data stands for: what was there before, a field of the causing command, or a computed one. */
const valueOf = (data: EventData | undefined, before: Json, command: ExecutionCommandRecord): Json => {
  if (data === undefined) return before;
  if ('value' in data) return data.value;
  // Every body is a JSON object; the check below is for a forged log, whose reference may lead nowhere.
  const body = command.body as Json;
  const value = isJsonObject(body) && Object.hasOwn(body, data.ref) ? body[data.ref] : undefined;
  if (value === undefined) throw new Error(`a ${command.type} has no ${data.ref} to refer to`);
  return value;
};

const started = (
  state: ExecutionState,
  event: EventOf<'ExecutionStarted'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  if (command.type !== 'StartExecution') throw new Error(`ExecutionStarted by a ${command.type}`);
  const { body } = command;
  const start: StartFacts = {
    workflow: event.workflow,
    input: body.input,
    trigger: body.trigger,
    parentExecutionId: body.parentExecutionId ?? null,
    rootExecutionId: event.rootExecutionId,
    runId: body.runId ?? null,
    idempotencyKey: body.idempotencyKey ?? null,
    labels: body.labels ?? {},
    bodyHash: event.bodyHash,
    startedAt: command.at,
    startedBy: command.actor,
    traceparent: command.traceparent ?? null,
  };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    status: transition(state.status, 'running'),
    correlationId: event.correlationId,
    start,
    frames: openRoot(body.input, command.at),
    historyEventId: 1,
  };
};

const entered = (
  state: ExecutionState,
  event: EventOf<'StateEntered'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const historyEventId = state.historyEventId + 1;
  const frame: Frame = {
    ...frameOf(state.frames, event.frame),
    phase: { kind: 'inside' },
    state: event.state,
    enteredAt: command.at,
    enteredEventId: historyEventId,
    visit: visitsOf(state, event.frame, event.state) + 1,
    attempts: 0,
    retries: [],
  };
  const frames = withFrame(state.frames, frame);
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    frames,
    visits: withVisit(state, event.frame, event.state),
    historyEventId,
    // The last frame that stood between two states has moved: nothing is left to continue.
    continuation: state.continuation && anyReady(frames) ? state.continuation : null,
  };
};

const exited = (
  state: ExecutionState,
  event: EventOf<'StateExited'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const frame = frameOf(state.frames, event.frame);
  const phase: FramePhase = event.next === undefined ? { kind: 'ended' } : { kind: 'ready', next: event.next };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    frames: withFrame(state.frames, { ...frame, phase, data: valueOf(event.output, frame.data, command) }),
    // Every visit ends at most once, so a state is left for the first time when its first visit ends.
    statesLeft: state.statesLeft + (frame.visit === 1 ? 1 : 0),
    historyEventId: state.historyEventId + 1,
  };
};

const stepScheduled = (
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
    queue: event.queue,
    handler: event.handler,
    input: valueOf(event.input, frame.data, command),
    effectClass: event.effectClass,
    idempotencyKey: event.idempotencyKey,
    timeoutMs: event.timeoutMs ?? null,
    heartbeatMs: event.heartbeatMs ?? null,
    scheduledAt: command.at,
    lastSeenAt: command.at,
    traceparent: command.traceparent ?? null,
  };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    status: transition(state.status, 'running'),
    frames: withFrame(state.frames, { ...frame, phase: { kind: 'step', token }, attempts: event.attempt }),
    attempts: { ...state.attempts, [token]: attempt },
    continuationsWithoutWait: 0,
    // AWS writes a scheduled and a started event.
    historyEventId: state.historyEventId + 2,
  };
};

const mustAttempt = (state: ExecutionState, token: AttemptToken): OpenAttempt => {
  const attempt = attemptOf(state, token);
  if (!attempt) throw new Error(`attempt ${token} is not open`);
  return attempt;
};

const attemptClosed = (state: ExecutionState, token: AttemptToken, historyEvents: 0 | 1): ExecutionState => {
  const frame = frameOf(state.frames, mustAttempt(state, token).frame);
  const { [token]: _closed, ...attempts } = state.attempts;
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    attempts,
    frames: withFrame(state.frames, { ...frame, phase: { kind: 'inside' } }),
    historyEventId: state.historyEventId + historyEvents,
  };
};

const timerArmed = (
  state: ExecutionState,
  event: EventOf<'TimerArmed'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const timers = {
    ...state.timers,
    [event.timer]: {
      id: event.timer,
      purpose: event.purpose,
      frame: event.frame,
      token: event.token ?? null,
      dueAt: event.dueAt,
      traceparent: command.traceparent ?? null,
    },
  };
  if (event.purpose !== 'wait' && event.purpose !== 'retry')
    return { ...state, roundEvents: state.roundEvents + 1, timers };
  const phase: FramePhase = { kind: event.purpose, timer: event.timer };
  const frames = withFrame(state.frames, { ...frameOf(state.frames, event.frame), phase });
  const status = onlyTimersAwaited(frames) ? transition(state.status, 'waiting') : state.status;
  return { ...state, roundEvents: state.roundEvents + 1, timers, frames, status, continuationsWithoutWait: 0 };
};

const timerClosed = (state: ExecutionState, event: EventOf<'TimerFired' | 'TimerCancelled'>): ExecutionState => {
  if (!Object.hasOwn(state.timers, event.timer)) throw new Error(`timer ${event.timer} is not armed`);
  const { [event.timer]: closed, ...timers } = state.timers;
  if (closed?.purpose !== 'wait' && closed?.purpose !== 'retry')
    return { ...state, roundEvents: state.roundEvents + 1, timers };
  const frame = frameOf(state.frames, closed.frame);
  const frames = withFrame(state.frames, { ...frame, phase: { kind: 'inside' } });
  // A cancelled wait is the first step of an end, which sets the status itself.
  const status = event.type === 'TimerFired' ? transition(state.status, 'running') : state.status;
  return { ...state, roundEvents: state.roundEvents + 1, timers, frames, status };
};

const ended = (
  state: ExecutionState,
  status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out',
  end: ExecutionEnd,
): ExecutionState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  status: transition(state.status, status),
  end,
  continuation: null,
  historyEventId: state.historyEventId + 1,
});
