import { type Span, SpanStatusCode } from '@opentelemetry/api';
import {
  type CompleteStep,
  type DeferStep,
  DEFER_MS_MAX,
  DATA_DEPTH_MAX,
  defaultEffectClass,
  type FailStep,
  type Instant,
  isDeeperThan,
  type Json,
  STATE_DATA_BYTES_MAX,
  type StepTask,
} from '@throughline/contracts';
import { type AbortReason, AttemptAbort } from './attempt-abort.ts';
import { inAttemptSpan, traceparentOf } from './attempt-span.ts';
import type { Handler, HandlerContext, LogAttributes, LogLevel } from './handler.ts';
import type { HandlerSet } from './handler-set.ts';
import { jsonHash } from './json-hash.ts';
import type { RunningAttempts } from './running-attempts.ts';
import { ERROR_NAMES, isStepDeferral, isStepError, type StepDeferral } from './step-error.ts';

/** What to tell the log about an attempt, as the command that says it. */
export type StepReport = (
  | { readonly type: 'CompleteStep'; readonly body: CompleteStep }
  | { readonly type: 'FailStep'; readonly body: FailStep }
  | { readonly type: 'DeferStep'; readonly body: DeferStep }
) & {
  /** The attempt's span: the decision about the result continues it. */
  readonly traceparent?: string;
};

export interface TaskLog {
  (task: StepTask, level: LogLevel, message: string, attributes?: LogAttributes): void;
}

export interface ExecuteTaskOptions {
  /** Names this process in the recorded attempt. */
  readonly worker: string;
  /** Aborts the handler when the worker must stop now. */
  readonly signal?: AbortSignal;
  /** Reports a heartbeat; `closed` means that the attempt is no longer open and the handler's work is in vain. */
  readonly heartbeat?: (task: StepTask) => Promise<'open' | 'closed'>;
  readonly log?: TaskLog;
  /** Where the run can be found while it lasts, by whoever cancels it. */
  readonly running?: RunningAttempts;
}

const ERROR_NAME_MAX = 256;
const CAUSE_MAX = 32_768;

/** The worker stopped before the handler ended: nothing may be reported, the task comes again with the same token. */
export class AttemptAbandoned extends Error {
  override readonly name = 'AttemptAbandoned';
}

type Outcome =
  | { readonly kind: 'output'; readonly output: Json }
  | { readonly kind: 'error'; readonly error: string; readonly cause: string }
  | { readonly kind: 'deferred'; readonly forMs: number; readonly error?: string; readonly cause: string };

const failure = (error: string, cause: string): Outcome => ({
  kind: 'error',
  error: error.slice(0, ERROR_NAME_MAX),
  cause: cause.slice(0, CAUSE_MAX),
});

/** Anything can be thrown, and a message need be no string. What threw here would not fail the step but run it again. */
const textOf = (thrown: unknown): string => {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'The handler threw something that has no text.';
  }
};

const outcomeOfThrown = (thrown: unknown): Outcome =>
  isStepDeferral(thrown) ? deferral(thrown) : failureOfThrown(thrown);

const deferral = (thrown: StepDeferral): Outcome => ({
  kind: 'deferred',
  forMs: Math.min(Math.max(1, Math.ceil(thrown.forMs)), DEFER_MS_MAX),
  ...(thrown.errorName === undefined ? {} : { error: thrown.errorName.slice(0, ERROR_NAME_MAX) }),
  cause: textOf(thrown).slice(0, CAUSE_MAX),
});

const failureOfThrown = (thrown: unknown): Outcome =>
  // The message only: a stack names paths of the worker's machine and would be part of the log for ever.
  failure(isStepError(thrown) ? thrown.errorName : ERROR_NAMES.taskFailed, textOf(thrown));

const outcomeOfOutput = (output: Json): Outcome => {
  if (isDeeperThan(output, DATA_DEPTH_MAX)) {
    const cause = `The output is nested deeper than the ${DATA_DEPTH_MAX} levels that state data may have.`;
    return failure(ERROR_NAMES.dataLimitExceeded, cause);
  }
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= STATE_DATA_BYTES_MAX) return { kind: 'output', output };
  return failure(
    ERROR_NAMES.dataLimitExceeded,
    `The output of ${bytes} bytes is larger than the ${STATE_DATA_BYTES_MAX} bytes that state data may have.`,
  );
};

const runHandler = async (
  task: StepTask,
  handler: Handler | undefined,
  options: ExecuteTaskOptions,
  traceparent: string | undefined,
): Promise<Outcome> => {
  if (!handler) {
    return failure(ERROR_NAMES.handlerNotFound, `This worker has no handler tl:task:${task.queue}:${task.handler}.`);
  }
  const abort = new AttemptAbort(task.timeoutMs, options.signal);
  const ended = options.running?.add(task, abort);
  try {
    const context = contextFor(task, options, traceparent, abort);
    const handled = handler.invoke(task.input, context).then(outcomeOfOutput, outcomeOfThrown);
    const outcome = await abort.outcome(handled, () => failure(ERROR_NAMES.timeout, 'The handler ignored its abort.'));
    return settled(task, outcome, abort.reason);
  } finally {
    ended?.();
    abort.dispose();
  }
};

/** A handler that still answered after its abort is believed: whether the answer is too late is decided on the log. */
const settled = (task: StepTask, outcome: Outcome, abort: AbortReason | undefined): Outcome => {
  if (outcome.kind === 'output' || abort === undefined) return outcome;
  switch (abort) {
    case 'stopping':
      throw new AttemptAbandoned(`the worker stopped during ${task.executionId} ${task.token}`);
    case 'timeout':
      return failure(ERROR_NAMES.timeout, `The step did not end within ${task.timeoutMs} ms.`);
    case 'cancelled':
      return failure(ERROR_NAMES.cancelled, 'The step was cancelled.');
    case 'closed':
      return failure(ERROR_NAMES.taskFailed, 'The attempt was no longer open.');
  }
};

const contextFor = (
  task: StepTask,
  options: ExecuteTaskOptions,
  traceparent: string | undefined,
  abort: AttemptAbort,
): HandlerContext => {
  let beating: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    try {
      if ((await options.heartbeat?.(task)) === 'closed') abort.abort('closed');
    } finally {
      beating = undefined;
    }
  };
  return {
    tenant: task.tenant,
    executionId: task.executionId,
    correlationId: task.correlationId,
    attempt: task.attempt,
    scheduledAt: task.scheduledAt,
    idempotencyKey: task.idempotencyKey,
    fencingTokens: task.fencingTokens ?? {},
    state: task.state,
    traceparent,
    get signal() {
      return abort.signal;
    },
    heartbeatMs: task.heartbeatMs,
    // One at a time: a handler that beats in a tight loop must not flood the log.
    heartbeat: () => (task.heartbeatMs === undefined ? Promise.resolve() : (beating ??= beat())),
    log: (level, message, attributes) => options.log?.(task, level, message, attributes),
  };
};

// The cast states what toISOString gives; parsing it would cost more than the rest of a small step.
export const nowInstant = (): Instant => new Date().toISOString() as Instant;

/**
 * Said only where it is news: a task that says something else than is taken for granted comes from a definition that declares
 * the class, and that goes first.
 */
const declaredBy = (handler: Handler | undefined, task: StepTask): Pick<CompleteStep, 'effectClass'> =>
  handler && handler.effectClass !== task.effectClass && task.effectClass === defaultEffectClass(task.resource)
    ? { effectClass: handler.effectClass }
    : {};

interface Ran {
  readonly outcome: Outcome;
  readonly startedAt: Instant;
  readonly worker: string;
  readonly handler: Handler | undefined;
}

const reportOf = (task: StepTask, { outcome, startedAt, worker, handler }: Ran, span: Span): StepReport => {
  const attempt = { token: task.token, startedAt, finishedAt: nowInstant(), worker, ...declaredBy(handler, task) };
  const traceparent = traceparentOf(span);
  if (outcome.kind === 'output') {
    const body = { ...attempt, output: outcome.output, outputHash: jsonHash(outcome.output) };
    return { type: 'CompleteStep', body, traceparent };
  }
  if (outcome.kind === 'deferred') {
    span.addEvent('throughline.step_deferred', {
      'throughline.for_ms': outcome.forMs,
      'throughline.why': outcome.cause,
    });
    const { kind: _kind, ...why } = outcome;
    return { type: 'DeferStep', body: { token: task.token, ...why, worker }, traceparent };
  }
  span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error });
  return { type: 'FailStep', body: { ...attempt, error: outcome.error, cause: outcome.cause }, traceparent };
};

/**
 * Runs the handler that a task names, and says what to report. Whatever the handler does becomes a report; throws only
 * `AttemptAbandoned`, when the worker stopped first.
 */
export const executeTask = (task: StepTask, handlers: HandlerSet, options: ExecuteTaskOptions): Promise<StepReport> =>
  inAttemptSpan(task, async (span) => {
    const startedAt = nowInstant();
    const handler = handlers.find(task.queue, task.handler);
    const outcome = await runHandler(task, handler, options, traceparentOf(span));
    return reportOf(task, { outcome, startedAt, worker: options.worker, handler }, span);
  });
