import {
  type AggregateRef,
  assertNever,
  type AttemptToken,
  COMMAND_VERSION,
  type Commit,
  type CommitDraft,
  type CommandId,
  type Instant,
  RECORD_QUEUE,
  type Refusal,
  type SentCommand,
  type StepTask,
  type TimerId,
  type TimerMessage,
} from '@throughline/contracts';
import { childAwaits } from '@throughline/asl';
import type { AnyState } from './any-state.ts';
import { askForLock, askForLocks, confirmLock, giveBackLocks, refusedGrant } from './asset-lock-effects.ts';
import { fencingTokensOf, lockRequestOf } from './asset-locks.ts';
import {
  armedTimers,
  type ArmedTimer,
  type Continuation,
  executionIdOf,
  type ExecutionState,
  isDeferred,
  isInWorkersHands,
  mayStartWork,
  type OpenAttempt,
  openAttempts,
} from './execution-state.ts';
import {
  askChild,
  type CommandTo,
  commandsOfRefusal,
  reportsEnd,
  reportToParent,
  startChild,
  stopChildren,
} from './child-effects.ts';
import { waitsForChild } from './child-request.ts';
import { attemptAtDelivery, awaitedDeliveries, type DeliveryEffect } from './delivery/delivery-effects.ts';
import { derivedId } from './hashes.ts';
import { awaitedOfHolder, lostBy, messagesOfCommit, requestRefused } from './lock/lock-effects.ts';
import type { LockState } from './lock/lock-state.ts';
import {
  askedOfRuns,
  awaitedBySchedule,
  reportOfRefusedRun,
  reportToSchedule,
  scheduleEffectsOf,
} from './schedule/schedule-effects.ts';
import type { ScheduleState } from './schedule/schedule-state.ts';
import { deadLetterEffectsAgain, deadLetterEffectsOf, type DeadLetterEffect } from './tenant/dead-letter-effects.ts';
import type { TenantState } from './tenant/tenant-state.ts';
import { taskTokenOf } from './task-token.ts';

/** What the shell is to publish. Ids are derived from the log, so publishing an effect again is recognised as a repeat. */
export type Effect =
  | DeliveryEffect
  | DeadLetterEffect
  | { readonly kind: 'task'; readonly id: string; readonly task: StepTask; readonly taskToken?: TaskTokenPlace }
  | {
      readonly kind: 'arm-timer';
      readonly id: string;
      readonly ref: AggregateRef;
      readonly timer: TimerId;
      readonly dueAt: Instant;
      readonly message: TimerMessage;
    }
  | { readonly kind: 'cancel-timer'; readonly ref: AggregateRef; readonly timer: TimerId }
  /** Tells the workers that run these attempts to end. Nobody waits for it to arrive. */
  | { readonly kind: 'abort-attempts'; readonly ref: AggregateRef; readonly tokens: readonly AttemptToken[] }
  | {
      readonly kind: 'command';
      readonly id: string;
      readonly ref: AggregateRef;
      readonly command: SentCommand;
      readonly taskToken?: TaskTokenPlace;
      /** Sent under an id of its own: it is judged by what it finds, and not taken for the one that was sent before. */
      readonly again?: true;
    };

/** A message on whose way out the placeholder becomes the token of an attempt. */
export interface TaskTokenPlace {
  readonly placeholder: string;
  readonly ref: AggregateRef;
  readonly token: AttemptToken;
}

/**
 * The effects of one commit, given the state right after it. What the commit itself has closed again is left out;
 * events of other aggregates than executions and locks have none.
 */
export const effectsOf = (after: AnyState, commit: Commit | CommitDraft): readonly Effect[] => {
  if (commit.aggregate === 'tenant' && isTenant(after)) return deadLetterEffectsOf(after, commit.events);
  if (commit.aggregate === 'schedule' && isSchedule(after)) return scheduleEffectsOf(after, commit);
  if (commit.aggregate === 'lock' && isLock(after)) return effectsOfLock(after, commit);
  if (commit.aggregate !== 'execution' || !isExecution(after)) return [];
  const effects: Effect[] = [];
  const aborted: AttemptToken[] = [];
  let tellsParent = false;
  commit.events.forEach((event, index) => {
    switch (event.type) {
      case 'ExecutionStarted':
        tellsParent = true;
        return;
      case 'ExecutionSucceeded':
      case 'ExecutionFailed':
      case 'ExecutionCancelled':
      case 'ExecutionTimedOut':
        tellsParent ||= reportsEnd(after) || Boolean(after.start?.schedule);
        return;
      case 'StepScheduled': {
        const attempt = after.attempts.get(`${commit.version}.${index}`);
        // People are asked by what lists show them.
        if (attempt && attempt.awaits !== 'approval' && attempt.awaits !== 'signal') {
          effects.push(attemptEffect(after, attempt));
        }
        return;
      }
      case 'StepOffered': {
        const attempt = after.attempts.get(event.token);
        if (attempt && !isDeferred(after, attempt)) effects.push(attemptEffect(after, attempt));
        return;
      }
      case 'TimerArmed': {
        const timer = after.timers.get(event.timer);
        if (timer && after.pausedAt === null) effects.push(armEffect(after, timer));
        return;
      }
      case 'ExecutionPaused':
        if (after.pausedAt !== null) effects.push(...armedBefore(after, commit.version).map(stopEffect(after)));
        return;
      case 'ExecutionResumed':
        if (after.pausedAt === null) {
          effects.push(...armedBefore(after, commit.version).map((timer) => armEffect(after, timer)));
        }
        effects.push(...continuedAfterHold(after, commit.version));
        return;
      case 'ApprovalClosed':
        effects.push(...continuedAfterHold(after, commit.version));
        return;
      case 'StepCancelled':
      case 'StepTimedOut':
        // One that the same commit opened was never published.
        if (!event.token.startsWith(`${commit.version}.`)) aborted.push(event.token);
        return;
      case 'CancellationRequested':
        for (const attempt of openAttempts(after)) if (isInWorkersHands(attempt)) aborted.push(attempt.token);
        return;
      case 'TimerCancelled':
        // A timer that the same commit armed was never published.
        if (!event.timer.startsWith(`${commit.version}-`)) {
          effects.push({ kind: 'cancel-timer', ref: after.ref, timer: event.timer });
        }
        return;
      case 'LocksRequested':
        effects.push(...askForLock(after, tokenAt(commit.version, index)).map(commandEffect));
        return;
      case 'LockTaken':
        effects.push(...askForLock(after, event.request).map(commandEffect));
        return;
      case 'ContinuationRequested':
        if (after.continuation?.version === commit.version && after.continuation.index === index) {
          effects.push(continueEffect(after, after.continuation));
        }
        return;
      case 'DeliveryScheduled':
        // The cast names what the two numbers make: the event's place on the log.
        effects.push(...attemptAtDelivery(after, `${commit.version}.${index}` as AttemptToken, 1));
        return;
      case 'DeliveryAttemptStarted':
        effects.push(...attemptAtDelivery(after, event.delivery, event.attempt));
        return;
      default:
        return;
    }
  });
  if (aborted.length > 0) effects.push({ kind: 'abort-attempts', ref: after.ref, tokens: aborted });
  if (tellsParent) effects.push(...reportEffects(after));
  effects.push(...stopChildren(after, commit.version).map(commandEffect));
  effects.push(...giveBackLocks(after, commit.version).map(commandEffect));
  return effects;
};

/** Everything that the state still waits for: what is published again when nobody knows whether it was published. */
export const awaitedEffects = (state: AnyState): readonly Effect[] => {
  if (isSchedule(state)) return awaitedBySchedule(state);
  if (isLock(state)) return awaitedOfLock(state);
  if (!isExecution(state)) return [];
  return [
    ...openAttempts(state)
      // Whoever runs a job has its task until the job ends.
      .filter((attempt) => isInWorkersHands(attempt) || awaitsOthers(attempt))
      .filter((attempt) => !isDeferred(state, attempt))
      .map((attempt) => attemptEffect(state, attempt)),
    // None runs during a pause.
    ...(state.pausedAt === null ? armedTimers(state) : []).map((timer) => armEffect(state, timer)),
    ...(state.continuation ? [continueEffect(state, state.continuation)] : []),
    ...askForLocks(state).map(commandEffect).map(again),
    ...reportEffects(state).map(again),
    ...awaitedDeliveries(state),
  ];
};

/**
 * Where commands came again, their first delivery may have left effects out: whatever is awaited by now, and the stops of
 * the commits that hold these commands. Those of other commits are not this one's to bring back; each has its own command.
 */
export const effectsOfRepeats = (state: AnyState, versions: ReadonlySet<number>): readonly Effect[] => {
  if (versions.size === 0) return [];
  if (isLock(state)) {
    return [...awaitedOfLock(state), ...[...versions].flatMap((version) => lostBy(state, version).map(commandEffect))];
  }
  if (isTenant(state)) return deadLetterEffectsAgain(state, versions);
  if (!isExecution(state)) return awaitedEffects(state);
  return [
    ...awaitedEffects(state),
    ...[...versions].flatMap((version) =>
      [...stopChildren(state, version), ...giveBackLocks(state, version)].map(commandEffect),
    ),
  ];
};

/**
 * Asks the children that the state has waited for long: their reports may be lost. Not among what is awaited, because that
 * is also sent where a command merely came twice, and relatives would then answer each other for ever.
 */
export const askedOfChildren = (state: AnyState): readonly Effect[] =>
  isSchedule(state)
    ? askedOfRuns(state)
    : isExecution(state)
      ? openAttempts(state)
          .filter((attempt) => attempt.submitted && waitsForChild(attempt))
          .flatMap((attempt) => askChild(state, attempt))
          .map(commandEffect)
          .map(again)
      : [];

/** What a command leads to that leaves no event. */
export const effectsOfIgnored = (state: AnyState, command: SentCommand): readonly Effect[] => {
  if (isLock(state)) return asksAsHolder(state, command) ? awaitedOfHolder(state).map(commandEffect).map(again) : [];
  if (!isExecution(state)) return [];
  if (command.type === 'ReportToParent') return reportEffects(state).map(again);
  return confirmLock(state.ref, command).map(commandEffect).map(again);
};

/** Who asks for a lock that it has, has not heard so. */
const asksAsHolder = ({ holder }: LockState, command: SentCommand): boolean =>
  command.type === 'AcquireLock' &&
  holder?.execution === command.body.execution &&
  holder.request === command.body.request;

const isLock = (state: AnyState): state is LockState => state.ref.aggregate === 'lock';

const isExecution = (state: AnyState): state is ExecutionState => {
  switch (state.ref.aggregate) {
    case 'execution':
      return true;
    case 'workflow':
    case 'lock':
    case 'schedule':
    case 'tenant':
    case 'replay':
      return false;
    default:
      return assertNever(state.ref.aggregate);
  }
};

const isTenant = (state: AnyState): state is TenantState => state.ref.aggregate === 'tenant';

const isSchedule = (state: AnyState): state is ScheduleState => state.ref.aggregate === 'schedule';

type CommandEffect = Extract<Effect, { kind: 'command' }>;
const commandEffect = (command: CommandTo): CommandEffect => ({ kind: 'command', ...command });
const again = (effect: CommandEffect): CommandEffect => ({ ...effect, again: true });

const reportEffects = (state: ExecutionState): readonly CommandEffect[] => {
  const reports = [reportToParent(state), reportToSchedule(state)];
  return reports.flatMap((report) => (report ? [commandEffect(report)] : []));
};

const effectsOfLock = (after: LockState, commit: Extract<Commit | CommitDraft, { aggregate: 'lock' }>) => {
  const timers = commit.events.flatMap((event): readonly Effect[] => {
    if (event.type === 'LockTimerArmed' && after.timer?.id === event.timer) return watchEffects(after);
    // A timer that the same commit armed was never published.
    if (event.type === 'LockTimerCancelled' && !event.timer.startsWith(`${commit.version}-`)) {
      return [{ kind: 'cancel-timer', ref: after.ref, timer: event.timer }];
    }
    return [];
  });
  const { first, again: repeated } = messagesOfCommit(after, commit);
  return [...timers, ...first.map(commandEffect), ...repeated.map(commandEffect).map(again)];
};

const awaitedOfLock = (state: LockState): readonly Effect[] => [
  ...watchEffects(state),
  ...awaitedOfHolder(state).map(commandEffect).map(again),
];

const watchEffects = ({ ref, timer, correlationId }: LockState): readonly Effect[] => {
  if (!timer) return [];
  const { id, dueAt } = timer;
  const message: TimerMessage = { v: 1, timer: id, dueAt, correlationId };
  return [{ kind: 'arm-timer', id: `${ref.tenant}.lock.${ref.aggregateId}.${id}`, ref, timer: id, dueAt, message }];
};

/** Names the event of a commit that opened an attempt or a request. The cast says what the two numbers make. */
const tokenAt = (version: number, index: number): AttemptToken => `${version}.${index}` as AttemptToken;

const attemptEffect = (state: ExecutionState, attempt: OpenAttempt): Effect => {
  const taskToken = awaitsCallback(attempt) ? { taskToken: taskTokenPlace(state.ref, attempt.token) } : {};
  if (attempt.awaits === 'child') return { ...commandEffect(startChild(state, attempt)), ...taskToken };
  const again = attempt.offer === undefined ? '' : `.${attempt.offer}`;
  const id = `${state.ref.tenant}.${state.ref.aggregateId}.${attempt.token}${again}`;
  return { kind: 'task', id, task: taskOf(state, attempt), ...taskToken };
};

/** An activity is polled for, a child has to be started, and a record has to be looked up. */
const awaitsOthers = ({ awaits, submitted }: OpenAttempt): boolean =>
  (awaits === 'activity' || awaits === 'child' || awaits === 'record') && !submitted;

/** Timers of earlier commits: this one's own have effects of their own. */
const armedBefore = (state: ExecutionState, version: number): readonly ArmedTimer[] =>
  armedTimers(state).filter(({ id }) => !id.startsWith(`${version}-`));

/** A continuation that was refused during a pause or hold does not come again by itself. */
const continuedAfterHold = (state: ExecutionState, version: number): readonly Effect[] =>
  state.continuation && state.continuation.version < version && mayStartWork(state)
    ? [continueEffect(state, state.continuation)]
    : [];

const stopEffect =
  ({ ref }: ExecutionState) =>
  ({ id }: ArmedTimer): Effect => ({ kind: 'cancel-timer', ref, timer: id });

const awaitsCallback = ({ awaits, resource }: OpenAttempt): boolean =>
  awaits === 'callback' || (awaits === 'child' && childAwaits(resource) === 'callback');

const taskOf = (state: ExecutionState, attempt: OpenAttempt): StepTask => {
  const { start, ref } = state;
  if (!start) throw new Error(`an attempt is open in ${ref.aggregateId}, which has not started`);
  const locks = attempt.lockRequest === null ? undefined : lockRequestOf(state.locks, attempt.lockRequest);
  const record = attempt.awaits === 'record' ? state.derived : null;
  return {
    v: 1,
    tenant: ref.tenant,
    executionId: executionIdOf(ref),
    token: attempt.token,
    workflow: { name: start.workflow.name, version: start.workflow.version },
    state: attempt.state,
    frame: attempt.frame,
    attempt: attempt.attempt,
    resource: attempt.resource,
    queue: record ? RECORD_QUEUE : attempt.queue,
    handler: attempt.handler,
    input: attempt.input,
    effectClass: attempt.effectClass,
    idempotencyKey: attempt.idempotencyKey,
    ...(attempt.timeoutMs === null ? {} : { timeoutMs: attempt.timeoutMs }),
    ...(attempt.heartbeatMs === null ? {} : { heartbeatMs: attempt.heartbeatMs }),
    ...(attempt.priority === 'normal' ? {} : { priority: attempt.priority }),
    ...(attempt.queueWaitMs === null ? {} : { queueWaitMs: attempt.queueWaitMs }),
    ...(record ? { record: { executionId: record.origin, at: record.at, visit: attempt.visit } } : {}),
    ...(locks ? { fencingTokens: fencingTokensOf(locks) } : {}),
    scheduledAt: attempt.scheduledAt,
    correlationId: state.correlationId,
    ...(attempt.traceparent === null ? {} : { traceparent: attempt.traceparent }),
  };
};

const taskTokenPlace = (ref: AggregateRef, token: AttemptToken): TaskTokenPlace => ({
  placeholder: taskTokenOf(ref, token),
  ref,
  token,
});

const armEffect = (state: ExecutionState, timer: ArmedTimer): Effect => ({
  kind: 'arm-timer',
  id: `${state.ref.tenant}.${state.ref.aggregateId}.${timer.id}`,
  ref: state.ref,
  timer: timer.id,
  dueAt: timer.dueAt,
  message: {
    v: 1,
    timer: timer.id,
    dueAt: timer.dueAt,
    correlationId: state.correlationId,
    ...(timer.traceparent === null ? {} : { traceparent: timer.traceparent }),
  },
});

const continueEffect = ({ ref }: ExecutionState, { version, index, traceparent }: Continuation): Effect => {
  // 32 hex digits are a subject token.
  const id = derivedId('continue', ref.tenant, ref.aggregateId, version, index) as CommandId;
  return {
    kind: 'command',
    id: `${ref.tenant}.${ref.aggregateId}.${id}`,
    ref,
    command: {
      v: COMMAND_VERSION,
      id,
      type: 'ContinueExecution',
      actor: { kind: 'system', id: 'engine' },
      causationId: `${version}.${index}`,
      ...(traceparent === null ? {} : { traceparent }),
      body: {},
    },
  };
};

/** What a refused command leads to, where it is about a child, a lock or a schedule: nothing of it is on the log. */
export const effectsOfRefusal = (ref: AggregateRef, command: SentCommand, refusal: Refusal): readonly Effect[] => [
  ...commandsOfRefusal(ref, command, refusal).map(commandEffect),
  ...reportOfRefusedRun(ref, command, refusal).map(commandEffect),
  ...requestRefused(ref, command, refusal).map(commandEffect),
  // A step may have given the same lock back before, and been granted it by a request that came late.
  ...refusedGrant(ref, command, refusal).map(commandEffect).map(again),
];
