import {
  type AggregateRef,
  type AttemptToken,
  type EffectClass,
  type ExecutionId,
  type ExecutionStatus,
  type Instant,
  type Json,
  type Queue,
  RULES_VERSION,
  type TimerId,
  type TimerPurpose,
  type TriggerKind,
} from '@throughline/contracts';
import { type AggregateState, ownCorrelationId } from './aggregate-state.ts';
import { type FrameId, type Frames, NO_FRAMES } from './frames.ts';

/** What the start said and settled; never changes afterwards. */
export interface StartFacts {
  readonly workflow: {
    readonly name: string;
    readonly version: number;
    readonly hash: string;
    readonly states: number;
  };
  readonly input: Json;
  readonly trigger: TriggerKind;
  readonly parentExecutionId: ExecutionId | null;
  readonly rootExecutionId: ExecutionId;
  readonly runId: string | null;
  readonly idempotencyKey: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly bodyHash: string;
  readonly startedAt: Instant;
  readonly startedBy: { readonly kind: string; readonly id: string };
  readonly traceparent: string | null;
}

/** A step attempt whose result is awaited: everything that its task needs. */
export interface OpenAttempt {
  readonly token: AttemptToken;
  readonly frame: FrameId;
  readonly state: string;
  readonly visit: number;
  readonly attempt: number;
  readonly resource: string;
  readonly queue: Queue;
  readonly handler: string;
  readonly input: Json;
  readonly effectClass: EffectClass;
  readonly idempotencyKey: string;
  readonly timeoutMs: number | null;
  readonly heartbeatMs: number | null;
  readonly scheduledAt: Instant;
  /** The schedule or the last heartbeat: what a heartbeat timer is measured from. */
  readonly lastSeenAt: Instant;
  readonly traceparent: string | null;
}

export interface ArmedTimer {
  readonly id: TimerId;
  readonly purpose: TimerPurpose;
  readonly frame: FrameId;
  readonly token: AttemptToken | null;
  readonly dueAt: Instant;
  readonly traceparent: string | null;
}

/** How it ended. `output` only for success, `error` and `cause` only for a failure. */
export interface ExecutionEnd {
  readonly at: Instant;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
}

/** Where a continuation was asked for: names the command that takes it up. */
export interface Continuation {
  readonly version: number;
  readonly index: number;
  readonly traceparent: string | null;
}

export interface ExecutionState extends AggregateState {
  readonly status: ExecutionStatus | 'none';
  readonly start: StartFacts | null;
  readonly frames: Frames;
  readonly attempts: Readonly<Record<string, OpenAttempt>>;
  readonly timers: Readonly<Record<string, ArmedTimer>>;
  /** How often each state was entered, by `<frame>/<state>`. */
  readonly visits: Readonly<Record<string, number>>;
  /** Different states left at least once: what progress counts. */
  readonly statesLeft: number;
  /** The last id that AWS's history would have given. */
  readonly historyEventId: number;
  readonly continuation: Continuation | null;
  /** Rounds in a row that ended at their bound without a wait. */
  readonly continuationsWithoutWait: number;
  readonly end: ExecutionEnd | null;
}

/** Written out, not spread: every later copy of the state is fast only if the first has one plain shape. */
export const initialExecution = (ref: AggregateRef): ExecutionState => ({
  ref,
  version: 0,
  seq: 0,
  rules: RULES_VERSION,
  lastAt: null,
  correlationId: ownCorrelationId(ref),
  roundEvents: 0,
  recentCommands: [],
  status: 'none',
  start: null,
  frames: NO_FRAMES,
  attempts: {},
  timers: {},
  visits: {},
  statesLeft: 0,
  historyEventId: 0,
  continuation: null,
  continuationsWithoutWait: 0,
  end: null,
});

/** Positions on the log in order. Tokens and timer ids both start with the version that made them. */
const comparePositions = (a: string, b: string): number => {
  const [aVersion, aIndex] = a.split(/[.-]/).map(Number);
  const [bVersion, bIndex] = b.split(/[.-]/).map(Number);
  return (aVersion ?? 0) - (bVersion ?? 0) || (aIndex ?? 0) - (bIndex ?? 0);
};

/** In the order scheduled, whatever order the record's keys stand in. */
export const openAttempts = (state: ExecutionState): readonly OpenAttempt[] =>
  Object.values(state.attempts).sort((a, b) => comparePositions(a.token, b.token));

/** In the order armed. */
export const armedTimers = (state: ExecutionState): readonly ArmedTimer[] =>
  Object.values(state.timers).sort((a, b) => comparePositions(a.id, b.id));

export const attemptOf = (state: ExecutionState, token: AttemptToken): OpenAttempt | undefined =>
  Object.hasOwn(state.attempts, token) ? state.attempts[token] : undefined;

export const timerOf = (state: ExecutionState, timer: TimerId): ArmedTimer | undefined =>
  Object.hasOwn(state.timers, timer) ? state.timers[timer] : undefined;

const visitKey = (frame: FrameId, state: string): string => `${frame}/${state}`;

export const visitsOf = (state: ExecutionState, frame: FrameId, name: string): number =>
  state.visits[visitKey(frame, name)] ?? 0;

export const withVisit = (state: ExecutionState, frame: FrameId, name: string): Readonly<Record<string, number>> => ({
  ...state.visits,
  [visitKey(frame, name)]: visitsOf(state, frame, name) + 1,
});
