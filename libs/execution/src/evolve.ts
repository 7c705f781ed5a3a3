import {
  assertNever,
  type AttemptToken,
  type EventData,
  type ExecutionEvent,
  isJsonObject,
  type Json,
} from '@throughline/contracts';
import { childRequest, waitsForChild } from './child-request.ts';
import { heldByAttempt, mustRequest, withLockTaken, withoutRequest, withRequest } from './asset-locks.ts';
import { contentOf } from './start-content.ts';
import { classificationOf } from './classification/classification.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import { deliveriesAsked, evolveDeliveries } from './delivery/evolve-delivery.ts';
import {
  asOfPause,
  evolveControl,
  moving,
  restingAs,
  withClosedApprovals,
  withoutQueue,
  withPhase,
} from './evolve-control.ts';
import {
  afterMove,
  branchFailed,
  branchStarted,
  childExited,
  iterationAborted,
  iterationFailed,
  iterationStarted,
  mapItemsRead,
  mapRunStarted,
  mapStarted,
  parallelStarted,
} from './evolve-fan-out.ts';
import {
  attemptOf,
  type ExecutionEnd,
  type ExecutionState,
  type OpenAttempt,
  type StartFacts,
  STOPPED_CHILDREN_MAX,
} from './execution-state.ts';
import {
  type Frame,
  frameOf,
  type FramePhase,
  hasMapRun,
  mayMove,
  openRoot,
  ROOT_FRAME,
  withFrame,
  withoutDescendants,
} from './frames.ts';
import { historyCounted, lastHistoryEventId, showsSteps } from './history-event-ids.ts';
import { transition } from './status.ts';

export type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

/**
 * One event folded. The log holds what evaluation gave, so this never looks at the machine. Every case copies the state
 * once, in one literal: merging partial states instead costs several times as much, and this runs for every event.
 */
export const evolve = (
  state: ExecutionState,
  event: ExecutionEvent,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const applied = apply(state, event, command);
  // The last frame that could move has moved, or is gone. One that stayed would keep a later round from asking anew.
  const after = applied.continuation && !mayMove(applied.frames) ? { ...applied, continuation: null } : applied;
  const cut = withCut(state, after, event);
  return cut.status === state.status ? cut : withPhase(state, cut, command.at);
};

/** Events by which a failure or a cancellation takes away what ran, before it ends the execution or is caught. */
const CUTTING: ReadonlySet<ExecutionEvent['type']> = new Set([
  'StepCancelled',
  'LockWaitEnded',
  'TimerCancelled',
  'StateAborted',
  'BranchFailed',
  'IterationFailed',
  'IterationAborted',
  'ParallelFailed',
  'MapFailed',
]);
/** These come in between, or last. */
const CUT_GOES_ON: ReadonlySet<ExecutionEvent['type']> = new Set([
  ...CUTTING,
  'EvaluationFailed',
  'ExecutionFailed',
  'ExecutionCancelled',
  'ExecutionTimedOut',
  'ExecutionAnnotated',
]);

/** Remembers the frames from before the first cut, until it is known that the execution goes on. */
const withCut = (before: ExecutionState, after: ExecutionState, event: ExecutionEvent): ExecutionState => {
  const { type } = event;
  if (event.type === 'LockWaitEnded' && event.how !== undefined) return after;
  // Deliveries of an ended execution do not move it.
  if (before.end !== null && type !== 'ExecutionReopened') return after;
  if (before.cutFrom !== null) return CUT_GOES_ON.has(type) ? after : { ...after, cutFrom: null };
  return after.frames !== before.frames && CUTTING.has(type) ? { ...after, cutFrom: before.frames } : after;
};

const apply = (state: ExecutionState, event: ExecutionEvent, command: ExecutionCommandRecord): ExecutionState => {
  switch (event.type) {
    case 'ExecutionStarted':
      return started(state, event, command);
    case 'PreflightPassed':
      // The start that requires it is found in order before anything else becomes of it.
      return {
        ...state,
        roundEvents: state.roundEvents + 1,
        status: transition(state.status, state.hold === 'queued' ? 'queued' : 'running'),
      };
    case 'ExecutionClassified':
      return { ...state, roundEvents: state.roundEvents + 1, classification: classificationOf(event) };
    case 'StateEntered':
      return entered(state, event, command);
    case 'StateExited':
      return exited(state, event, command);
    case 'EvaluationFailed':
    case 'StateAborted':
      return counted(state, event.frame, 1);
    case 'StepScheduled':
      return stepScheduled(state, event, command);
    case 'StepSubmitted':
      return stepSubmitted(state, event.token);
    case 'StepSucceeded':
    case 'StepFailed':
      return attemptEnded(state, event.token);
    case 'StepTimedOut':
      return attemptCut(attemptEnded(state, event.token), mustAttempt(state, event.token), 'expired', command);
    case 'StepCancelled':
      // AWS's history has no event for it.
      return attemptCut(attemptClosed(state, event.token, 0), mustAttempt(state, event.token), 'cancelled', command);
    case 'StepHeartbeatRecorded': {
      const attempt = { ...mustAttempt(state, event.token), lastSeenAt: command.at };
      return { ...state, roundEvents: state.roundEvents + 1, attempts: state.attempts.set(event.token, attempt) };
    }
    case 'ParallelStarted':
      return parallelStarted(state, event, valueOf(event.input, frameOf(state.frames, event.frame).data, command));
    case 'BranchStarted':
      return branchStarted(state, event, command);
    case 'BranchFailed':
      return branchFailed(state, event);
    case 'MapStarted':
      return mapStarted(state, event, valueOf(event.items, frameOf(state.frames, event.frame).data, command));
    case 'MapRunStarted':
      return mapRunStarted(state, event);
    case 'MapItemsRead':
      return mapItemsRead(state, event, valueOf(event.items, frameOf(state.frames, event.frame).data, command));
    case 'IterationStarted':
      return iterationStarted(state, event, command, (item) => valueOf(event.input, item, command));
    case 'IterationFailed':
      return iterationFailed(state, event);
    case 'IterationAborted':
      return iterationAborted(state, event);
    case 'ParallelSucceeded':
      return counted(state, event.frame, 1, { phase: { kind: 'inside' } });
    case 'MapSucceeded':
      return counted(state, event.frame, mapRunEvents(state, event.frame), { phase: { kind: 'inside' } });
    case 'ParallelFailed':
      return withoutChildren(counted(state, event.frame, 1), event.frame);
    case 'MapFailed':
      return withoutChildren(counted(state, event.frame, mapRunEvents(state, event.frame)), event.frame);
    case 'LocksRequested':
      return locksRequested(state, event, command);
    case 'LockTaken':
      return { ...state, roundEvents: state.roundEvents + 1, locks: withLockTaken(state.locks, event) };
    case 'LockWaitEnded':
      return lockWaitEnded(state, event);
    case 'RetryScheduled':
      return retryScheduled(state, event);
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
        continuationsWithoutProgress: state.continuationsWithoutProgress + 1,
        continuationsWithoutWait: state.continuationsWithoutWait + 1,
      };
    case 'ExecutionPaused':
    case 'ExecutionResumed':
    case 'ReviewRequested':
    case 'CancellationRequested':
    case 'ExecutionReopened':
    case 'StateSkipped':
    case 'SignalStored':
    case 'SignalTaken':
    case 'ApprovalRequested':
    case 'ApprovalGiven':
    case 'ApprovalClosed':
    case 'ExecutionAnnotated':
      return evolveControl(state, event, command);
    case 'ExecutionSucceeded':
      return ended(state, 'succeeded', { at: command.at, output: frameOf(state.frames, ROOT_FRAME).data });
    case 'ExecutionFailed':
      return ended(state, 'failed', {
        at: command.at,
        ...(event.error === undefined ? {} : { error: event.error }),
        ...(event.cause === undefined ? {} : { cause: event.cause }),
      });
    case 'ExecutionCancelled':
      return ended(state, 'cancelled', { at: command.at });
    case 'ExecutionTimedOut':
      return ended(state, 'timed_out', { at: command.at, error: 'States.Timeout' });
    case 'DeliveryScheduled':
    case 'DeliveryAttemptStarted':
    case 'DeliveryAttemptFailed':
    case 'DeliverySucceeded':
    case 'DeliveryFailed': {
      // The cast names what the two numbers make: the event's place on the log.
      const place = `${state.version + 1}.${state.roundEvents}` as AttemptToken;
      const delivery = evolveDeliveries(state.delivery, event, command, place);
      return { ...state, roundEvents: state.roundEvents + 1, delivery };
    }
    default:
      return assertNever(event);
  }
};

/** Of a state that has something to wait for. */
const WAITS = { continuationsWithoutProgress: 0, continuationsWithoutWait: 0 } as const;

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

/** A frame changed, and `n` events of AWS's history. */
const counted = (state: ExecutionState, id: string, n: number, change?: Partial<Frame>): ExecutionState => {
  const frames = change ? withFrame(state.frames, { ...frameOf(state.frames, id), ...change }) : state.frames;
  return { ...state, roundEvents: state.roundEvents + 1, ...historyCounted(state.historyEventId, frames, id, n) };
};

/** The end of a Map state, and of its Map Run where it shows one. */
const mapRunEvents = (state: ExecutionState, id: string): number => (hasMapRun(frameOf(state.frames, id)) ? 2 : 1);

const withoutChildren = (state: ExecutionState, id: string): ExecutionState => {
  const frames = withoutDescendants(state.frames, id);
  const frame: Frame = { ...frameOf(frames, id), phase: { kind: 'inside' }, fanOut: null };
  return { ...state, frames: withFrame(frames, frame) };
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
    labels: body.labels ?? NO_LABELS,
    name: body.name ?? null,
    generation: body.generation ?? 0,
    parentAttempt: body.parentAttempt ?? null,
    schedule: body.schedule ?? null,
    heldAssets: body.heldAssets ?? [],
    bodyHash: event.bodyHash,
    asked: contentOf(body),
    startedAt: command.at,
    startedBy: command.actor,
    requestedBy: body.requestedBy ?? command.actor.id,
    until: body.until ?? null,
    notBefore: body.notBefore ?? null,
    traceparent: command.traceparent ?? null,
    errorRules: event.errorRules ?? null,
  };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    // Queued where its own time is yet to come.
    ...(body.notBefore !== undefined && body.notBefore > command.at
      ? { hold: 'queued' as const, status: transition(state.status, body.preflightResult ? 'preflight' : 'queued') }
      : { status: transition(state.status, body.preflightResult ? 'preflight' : 'running') }),
    preflight: body.preflightResult ?? null,
    correlationId: event.correlationId,
    attributes: body.attributes ?? null,
    labels: body.labels ?? NO_LABELS,
    start,
    frames: openRoot(body.input, command.at),
    historyEventId: 1,
    delivery: deliveriesAsked(body.delivery),
  };
};

const entered = (
  state: ExecutionState,
  event: EventOf<'StateEntered'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const before = frameOf(state.frames, event.frame);
  const visit = (Object.hasOwn(before.visits, event.state) ? (before.visits[event.state] ?? 0) : 0) + 1;
  const frame: Frame = {
    ...before,
    phase: { kind: 'inside' },
    state: event.state,
    stateType: event.stateType,
    enteredAt: command.at,
    enteredEventId: lastHistoryEventId(state.historyEventId, state.frames, event.frame) + 1,
    visit,
    visits: { ...before.visits, [event.state]: visit },
    attempts: 0,
    retries: [],
    fanOut: null,
  };
  const after = historyCounted(state.historyEventId, withFrame(state.frames, frame), event.frame, 1);
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    status: moving(state, 'running'),
    ...after,
    continuation: afterMove(state, command),
  };
};

const exited = (
  state: ExecutionState,
  event: EventOf<'StateExited'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const before = frameOf(state.frames, event.frame);
  const isEnd = event.next === undefined;
  const frame: Frame = {
    ...before,
    phase: event.next === undefined ? { kind: 'ended' } : { kind: 'ready', next: event.next },
    data: valueOf(event.output, before.data, command),
    variables: event.assigned ? { ...before.variables, ...event.assigned } : before.variables,
    fanOut: null,
  };
  const after = historyCounted(state.historyEventId, withFrame(state.frames, frame), event.frame, 1);
  const left: ExecutionState = {
    ...state,
    roundEvents: state.roundEvents + 1,
    ...after,
    statesLeft: before.visit === 1 ? state.statesLeft.set(before.state, true) : state.statesLeft,
  };
  return isEnd && frame.parent !== null ? childExited(left, frameOf(after.frames, frame.id), frame.parent) : left;
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

const mustAttempt = (state: ExecutionState, token: AttemptToken): OpenAttempt => {
  const attempt = attemptOf(state, token);
  if (!attempt) throw new Error(`attempt ${token} is not open`);
  return attempt;
};

const stepSubmitted = (state: ExecutionState, token: AttemptToken): ExecutionState => {
  const attempt = { ...mustAttempt(state, token), submitted: true };
  const historyEvents = showsSteps(frameOf(state.frames, attempt.frame)) ? 1 : 0;
  return { ...counted(state, attempt.frame, historyEvents), attempts: state.attempts.set(token, attempt) };
};

const attemptClosed = (state: ExecutionState, token: AttemptToken, historyEvents: 0 | 1): ExecutionState => {
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
const attemptEnded = (state: ExecutionState, token: AttemptToken): ExecutionState => {
  const closed = attemptClosed(state, token, 1);
  return closed.status === 'waiting' || closed.status === 'awaiting_approval'
    ? { ...closed, status: moving(closed, 'running') }
    : closed;
};

/** Nobody waits any more for what the attempt was to get from others. */
const attemptCut = (
  state: ExecutionState,
  attempt: OpenAttempt,
  how: 'expired' | 'cancelled',
  command: ExecutionCommandRecord,
): ExecutionState =>
  attempt.awaits === 'approval'
    ? { ...state, approvals: withClosedApprovals(state, attempt.token, how, command.at) }
    : childStopped(state, attempt);
const locksRequested = (
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

const lockWaitEnded = (state: ExecutionState, { request, how }: EventOf<'LockWaitEnded'>): ExecutionState => {
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

/** Nobody waits any more for the child that the attempt has started. */
const childStopped = (state: ExecutionState, attempt: OpenAttempt): ExecutionState => {
  if (!waitsForChild(attempt)) return state;
  const request = childRequest(state.ref, attempt);
  if (!request.ok) return state;
  const kept = state.stopped.size < STOPPED_CHILDREN_MAX ? state.stopped : state.stopped.shift();
  const child = { id: request.id, token: attempt.token, version: state.version + 1 };
  return { ...state, stopped: kept.push(child) };
};

const retryScheduled = (state: ExecutionState, event: EventOf<'RetryScheduled'>): ExecutionState => {
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

const timerArmed = (
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

const timerClosed = (state: ExecutionState, event: EventOf<'TimerFired' | 'TimerCancelled'>): ExecutionState => {
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

const NO_LABELS = {};

const ended = (
  state: ExecutionState,
  status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out',
  end: ExecutionEnd,
): ExecutionState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  status: transition(state.status, status),
  hold: null,
  pausedAt: null,
  approvals: withClosedApprovals(state, undefined, 'cancelled', end.at),
  end,
  continuation: null,
  historyEventId: state.historyEventId + 1,
});
