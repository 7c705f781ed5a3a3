import {
  type AggregateRef,
  type AttemptAwaits,
  type AttemptToken,
  type Attributes,
  type ChildAwaits,
  type EffectClass,
  type ErrorRule,
  type ExecutionId,
  type ExecutionStatus,
  type Instant,
  type Json,
  type LockRequestToken,
  type PreflightResult,
  type Priority,
  type Queue,
  RULES_VERSION,
  type ScheduleId,
  type TimerId,
  type TimerPurpose,
  type TriggerKind,
} from '@throughline/contracts';
import { List, Map } from 'immutable';
import { type AggregateState, ownCorrelationId } from './aggregate-state.ts';
import type { AssetLocks } from './asset-locks.ts';
import type { StartContent } from './start-content.ts';
import type { Classification } from './classification/classification.ts';
import { type Approval } from './approvals.ts';
import type { Deliveries } from './delivery/delivery-state.ts';
import type { Derived } from './derived.ts';
import { type FrameId, type Frames, NO_FRAMES } from './frames.ts';

/** What the start said and settled; only the version of the workflow changes afterwards, where the execution moves to another. */
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
  /** As started: notes that are made later change the state's own. */
  readonly labels: Readonly<Record<string, string>>;
  /** `$$.Execution.Name`; null: the execution id. */
  readonly name: string | null;
  readonly generation: number;
  /** Whom to tell of the start, and perhaps of the end. */
  readonly parentAttempt: { readonly token: AttemptToken; readonly awaits: ChildAwaits } | null;
  /** The schedule that asked for it, to be told of start and end. */
  readonly schedule: { readonly scheduleId: ScheduleId; readonly instant: Instant } | null;
  /** Assets that its ancestors keep locked until it ends. */
  readonly heldAssets: readonly string[];
  readonly bodyHash: string;
  /** What else it asked for, as far as that makes it another start. */
  readonly asked: StartContent;
  readonly startedAt: Instant;
  readonly startedBy: { readonly kind: string; readonly id: string };
  /** Who asked for it: may not approve it. */
  readonly requestedBy: string;
  readonly until: string | null;
  readonly notBefore: Instant | null;
  readonly traceparent: string | null;
  /** What the definition says of errors. */
  readonly errorRules: readonly ErrorRule[] | null;
}

/** A step attempt whose result is awaited: everything that its task needs. */
export interface OpenAttempt {
  readonly token: AttemptToken;
  readonly frame: FrameId;
  readonly state: string;
  readonly visit: number;
  readonly attempt: number;
  readonly resource: string;
  readonly awaits: AttemptAwaits;
  /** A worker has handed it on: only a job's task may be published again. */
  readonly submitted: boolean;
  readonly queue: Queue;
  readonly handler: string;
  readonly input: Json;
  readonly effectClass: EffectClass;
  readonly idempotencyKey: string;
  readonly timeoutMs: number | null;
  readonly heartbeatMs: number | null;
  readonly priority: Priority;
  readonly queueWaitMs: number | null;
  readonly scheduledAt: Instant;
  /** The schedule or the last heartbeat: what a heartbeat timer is measured from. */
  readonly lastSeenAt: Instant;
  /** Armed for this attempt, in the order armed: they end with it. */
  readonly timers: readonly TimerId[];
  /** The locks that it holds until it closes. */
  readonly lockRequest: LockRequestToken | null;
  readonly traceparent: string | null;
  /** The event that gave its task to the workers again. Absent: none has deferred it. */
  readonly offer?: AttemptToken;
}

export interface ArmedTimer {
  readonly id: TimerId;
  readonly purpose: TimerPurpose;
  readonly frame: FrameId;
  readonly token: AttemptToken | null;
  readonly dueAt: Instant;
  readonly traceparent: string | null;
}

/** A child execution that nobody waits for any more. */
export interface StoppedChild {
  readonly id: ExecutionId;
  /** The attempt that waited for it. */
  readonly token: AttemptToken;
  /** The version of the parent that cut the attempt short. */
  readonly version: number;
}

/** Stopped children that are remembered: more than one commit can stop, for fewer attempts are ever open. */
export const STOPPED_CHILDREN_MAX = 10_000;

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

/** Why nothing new may start, beside a pause. The status is of the same name. */
export type Hold = 'queued' | 'awaiting_approval' | 'needs_review' | 'cancelling';

/** A signal that came before a state waited for it. */
export interface StoredSignal {
  readonly name: string;
  readonly payload: Json;
}

export interface ExecutionState extends AggregateState {
  readonly status: ExecutionStatus | 'none';
  /** Since when the execution has its status, and how long it had each before, in milliseconds. */
  readonly statusSince: Instant | null;
  readonly phases: Readonly<Partial<Record<ExecutionStatus, number>>>;
  readonly hold: Hold | null;
  /** Since then every timer stands still; null: they run. */
  readonly pausedAt: Instant | null;
  /** Somebody has looked, where the start asked for a review. */
  readonly reviewed: boolean;
  /** How often it went on after an end. */
  readonly reopened: number;
  /** The frames before the failure or cancellation under way took any away: what a reopened execution goes on from. */
  readonly cutFrom: Frames | null;
  /** By id, in the order requested; closed ones too. */
  readonly approvals: Map<string, Approval>;
  /** Oldest first. */
  readonly signals: readonly StoredSignal[];
  readonly attributes: Attributes | null;
  /** As the start and later notes leave them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly start: StartFacts | null;
  readonly frames: Frames;
  /** By token, and timers by id. */
  readonly attempts: Map<string, OpenAttempt>;
  readonly timers: Map<string, ArmedTimer>;
  /** Names of the states left at least once: what progress counts. */
  readonly statesLeft: Map<string, true>;
  /** The last id that AWS's history would have given; iterations of a distributed Map count their own. */
  readonly historyEventId: number;
  readonly continuation: Continuation | null;
  /** Rounds in a row that ended at their bound without a wait and without the end of a branch or iteration. */
  readonly continuationsWithoutProgress: number;
  /** Those without a wait alone. */
  readonly continuationsWithoutWait: number;
  /**
   * The awaited children of attempts that were cut short, oldest first. Kept beyond the commit, because its command may come
   * again when later ones have been decided, and nobody knows then whether the children have been told.
   */
  readonly stopped: List<StoppedChild>;
  /** Null where no step has asked for a lock. */
  readonly locks: AssetLocks | null;
  readonly end: ExecutionEnd | null;
  /** Null where neither machine nor start says anything of classes: then no policy applies. */
  readonly classification: Classification | null;
  /** What the start was found to be, where it required a preflight. */
  readonly preflight: PreflightResult | null;
  /** Null: nothing is to be delivered anywhere. */
  readonly delivery: Deliveries | null;
  /** Null: it is not made of another execution's record. */
  readonly derived: Derived | null;
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
  statusSince: null,
  phases: {},
  hold: null,
  pausedAt: null,
  reviewed: false,
  reopened: 0,
  cutFrom: null,
  approvals: Map(),
  signals: [],
  attributes: null,
  labels: {},
  start: null,
  frames: NO_FRAMES,
  attempts: Map(),
  timers: Map(),
  statesLeft: Map(),
  historyEventId: 0,
  continuation: null,
  continuationsWithoutProgress: 0,
  continuationsWithoutWait: 0,
  stopped: List(),
  locks: null,
  end: null,
  classification: null,
  preflight: null,
  delivery: null,
  derived: null,
});

/** Whether a state may be entered, a branch or iteration begun, an end reached. */
export const mayStartWork = ({ hold, pausedAt }: ExecutionState): boolean => hold === null && pausedAt === null;

/** Whether a worker has, or will get, the attempt's task: who cancels it has to let the worker end. */
export const isInWorkersHands = ({ awaits, submitted }: OpenAttempt): boolean =>
  awaits === 'result' || awaits === 'job' || (awaits === 'callback' && !submitted);

/** Whether its worker did not begin: until a timer says so, nobody gets its task. */
export const isDeferred = ({ timers }: ExecutionState, attempt: OpenAttempt): boolean =>
  attempt.timers.some((timer) => timers.get(timer)?.purpose === 'deferred');

/** An execution's aggregate id is its execution id: one subject token, only branded differently. */
export const executionIdOf = (ref: AggregateRef): ExecutionId => ref.aggregateId as unknown as ExecutionId;

/** Where a token or timer id stands on the log: both are the version that made them, a dot or a dash, and an index. */
const positionOf = (id: string): number => {
  const at = Math.max(id.indexOf('.'), id.indexOf('-'));
  return Number(id.slice(0, at)) * POSITIONS_PER_VERSION + Number(id.slice(at + 1));
};
/** More than any commit has events. */
const POSITIONS_PER_VERSION = 1_000_000;

const inOrderOf = <T>(items: Iterable<T>, idOf: (item: T) => string): readonly T[] =>
  [...items]
    .map((item) => ({ item, position: positionOf(idOf(item)) }))
    .sort((a, b) => a.position - b.position)
    .map(({ item }) => item);

/** In the order scheduled, whatever order the record's keys stand in. */
export const openAttempts = (state: ExecutionState): readonly OpenAttempt[] =>
  inOrderOf(state.attempts.values(), ({ token }) => token);

/** In the order armed. */
export const armedTimers = (state: ExecutionState): readonly ArmedTimer[] =>
  inOrderOf(state.timers.values(), ({ id }) => id);

export const attemptOf = (state: ExecutionState, token: AttemptToken): OpenAttempt | undefined =>
  state.attempts.get(token);

export const timerOf = (state: ExecutionState, timer: TimerId): ArmedTimer | undefined => state.timers.get(timer);
