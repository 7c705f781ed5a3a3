import {
  type AggregateRef,
  assertNever,
  type AttemptToken,
  COMMAND_VERSION,
  type Commit,
  type CommitDraft,
  type CommandId,
  type ExecutionId,
  type Instant,
  type SentCommand,
  type StepTask,
  type TimerId,
  type TimerMessage,
} from '@throughline/contracts';
import type { AnyState } from './any-state.ts';
import {
  armedTimers,
  type ArmedTimer,
  type Continuation,
  type ExecutionState,
  type OpenAttempt,
  openAttempts,
} from './execution-state.ts';
import { derivedId } from './hashes.ts';
import { taskTokenOf } from './task-token.ts';

/** What the shell is to publish. Ids are derived from the log, so publishing an effect again is recognised as a repeat. */
export type Effect =
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
  | {
      readonly kind: 'command';
      readonly ref: AggregateRef;
      readonly command: SentCommand;
      readonly taskToken?: TaskTokenPlace;
    };

/** A message on whose way out the placeholder becomes the token of an attempt. */
export interface TaskTokenPlace {
  readonly placeholder: string;
  readonly ref: AggregateRef;
  readonly token: AttemptToken;
}

/**
 * The effects of one commit, given the state right after it. What the commit itself has closed again is left out;
 * events of other aggregates than executions have none.
 */
export const effectsOf = (after: AnyState, commit: Commit | CommitDraft): readonly Effect[] => {
  if (commit.aggregate !== 'execution' || !isExecution(after)) return [];
  const effects: Effect[] = [];
  commit.events.forEach((event, index) => {
    switch (event.type) {
      case 'StepScheduled': {
        const attempt = after.attempts.get(`${commit.version}.${index}`);
        if (attempt) effects.push(taskEffect(after, attempt));
        return;
      }
      case 'TimerArmed': {
        const timer = after.timers.get(event.timer);
        if (timer) effects.push(armEffect(after, timer));
        return;
      }
      case 'TimerCancelled':
        // A timer that the same commit armed was never published.
        if (!event.timer.startsWith(`${commit.version}-`)) {
          effects.push({ kind: 'cancel-timer', ref: after.ref, timer: event.timer });
        }
        return;
      case 'ContinuationRequested':
        if (after.continuation?.version === commit.version && after.continuation.index === index) {
          effects.push(continueEffect(after, after.continuation));
        }
        return;
      default:
        return;
    }
  });
  return effects;
};

/** Everything that the state still waits for: what is published again when nobody knows whether it was published. */
export const awaitedEffects = (state: AnyState): readonly Effect[] => {
  if (!isExecution(state)) return [];
  return [
    ...openAttempts(state)
      // Whoever runs a job has its task until the job ends.
      .filter((attempt) => !attempt.submitted || attempt.awaits === 'job')
      .map((attempt) => taskEffect(state, attempt)),
    ...armedTimers(state).map((timer) => armEffect(state, timer)),
    ...(state.continuation ? [continueEffect(state, state.continuation)] : []),
  ];
};

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

/** An execution's aggregate id is its execution id: one subject token, only branded differently. */
export const executionIdOf = (ref: AggregateRef): ExecutionId => ref.aggregateId as unknown as ExecutionId;

const taskEffect = (state: ExecutionState, attempt: OpenAttempt): Effect => {
  const { start, ref } = state;
  if (!start) throw new Error(`an attempt is open in ${ref.aggregateId}, which has not started`);
  const task: StepTask = {
    v: 1,
    tenant: ref.tenant,
    executionId: executionIdOf(ref),
    token: attempt.token,
    workflow: { name: start.workflow.name, version: start.workflow.version },
    state: attempt.state,
    frame: attempt.frame,
    attempt: attempt.attempt,
    resource: attempt.resource,
    queue: attempt.queue,
    handler: attempt.handler,
    input: attempt.input,
    effectClass: attempt.effectClass,
    idempotencyKey: attempt.idempotencyKey,
    ...(attempt.timeoutMs === null ? {} : { timeoutMs: attempt.timeoutMs }),
    ...(attempt.heartbeatMs === null ? {} : { heartbeatMs: attempt.heartbeatMs }),
    scheduledAt: attempt.scheduledAt,
    correlationId: state.correlationId,
    ...(attempt.traceparent === null ? {} : { traceparent: attempt.traceparent }),
  };
  return {
    kind: 'task',
    id: `${ref.tenant}.${ref.aggregateId}.${attempt.token}`,
    task,
    ...(attempt.awaits === 'callback' ? { taskToken: taskTokenPlace(ref, attempt.token) } : {}),
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

const continueEffect = (state: ExecutionState, continuation: Continuation): Effect => ({
  kind: 'command',
  ref: state.ref,
  command: {
    v: COMMAND_VERSION,
    // 32 hex digits are a subject token.
    id: derivedId(
      'continue',
      state.ref.tenant,
      state.ref.aggregateId,
      continuation.version,
      continuation.index,
    ) as CommandId,
    type: 'ContinueExecution',
    actor: { kind: 'system', id: 'engine' },
    causationId: `${continuation.version}.${continuation.index}`,
    ...(continuation.traceparent === null ? {} : { traceparent: continuation.traceparent }),
    body: {},
  },
});
