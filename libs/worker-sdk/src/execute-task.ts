import { type Span, SpanStatusCode } from '@opentelemetry/api';
import {
  type CompleteStep,
  type FailStep,
  type Instant,
  instantSchema,
  type Json,
  STATE_DATA_BYTES_MAX,
  type StepTask,
} from '@throughline/contracts';
import { inAttemptSpan, traceparentOf } from './attempt-span.ts';
import type { HandlerContext, LogAttributes, LogLevel } from './handler.ts';
import type { HandlerSet } from './handler-set.ts';
import { jsonHash } from './json-hash.ts';
import { ERROR_NAMES, isStepError } from './step-error.ts';

/** What to tell the log about an attempt, as the command that says it. */
export type StepReport = (
  | { readonly type: 'CompleteStep'; readonly body: CompleteStep }
  | { readonly type: 'FailStep'; readonly body: FailStep }
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
}

const ERROR_NAME_MAX = 256;
const CAUSE_MAX = 32_768;
/** A handler that ignores its abort gives its slot back after this long; what it still does is lost. */
const ABORT_GRACE_MS = 5_000;
const TIMER_MS_MAX = 2_147_483_647;

/** Why a running handler was aborted. Only a worker that stops makes no report: the task is delivered again. */
type Abort = 'timeout' | 'closed' | 'stopping';

/** The worker stopped before the handler ended: nothing may be reported, the task comes again with the same token. */
export class AttemptAbandoned extends Error {
  override readonly name = 'AttemptAbandoned';
}

type Outcome =
  | { readonly kind: 'output'; readonly output: Json }
  | { readonly kind: 'error'; readonly error: string; readonly cause: string };

const failure = (error: string, cause: string): Outcome => ({
  kind: 'error',
  error: error.slice(0, ERROR_NAME_MAX),
  cause: cause.slice(0, CAUSE_MAX),
});

const failureOfThrown = (thrown: unknown): Outcome => {
  if (isStepError(thrown)) return failure(thrown.errorName, thrown.message);
  // The message only: a stack names paths of the worker's machine and would be part of the log for ever.
  return failure(ERROR_NAMES.taskFailed, thrown instanceof Error ? thrown.message : String(thrown));
};

const outcomeOfOutput = (output: Json): Outcome => {
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= STATE_DATA_BYTES_MAX) return { kind: 'output', output };
  return failure(
    ERROR_NAMES.dataLimitExceeded,
    `The output of ${bytes} bytes is larger than the ${STATE_DATA_BYTES_MAX} bytes that state data may have.`,
  );
};

const runHandler = async (
  task: StepTask,
  handlers: HandlerSet,
  options: ExecuteTaskOptions,
  traceparent: string | undefined,
): Promise<Outcome> => {
  const handler = handlers.find(task.queue, task.handler);
  if (!handler) {
    return failure(ERROR_NAMES.handlerNotFound, `This worker has no handler tl:task:${task.queue}:${task.handler}.`);
  }
  const aborter = new AbortController();
  let abort: Abort | undefined;
  let graceTimer: NodeJS.Timeout | undefined;
  let giveUp: () => void = () => {};
  const gaveUp = new Promise<Outcome>((resolve) => {
    giveUp = () => resolve(failure(ERROR_NAMES.timeout, 'The handler did not end after it was aborted.'));
  });
  const abortFor = (why: Abort): void => {
    if (abort) return;
    abort = why;
    aborter.abort(new Error(`aborted: ${why}`));
    graceTimer = setTimeout(giveUp, ABORT_GRACE_MS);
  };
  const stop = (): void => abortFor('stopping');
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const timeLimit =
    task.timeoutMs === undefined
      ? undefined
      : setTimeout(() => abortFor('timeout'), Math.min(task.timeoutMs, TIMER_MS_MAX));
  try {
    const context = contextFor(task, options, {
      traceparent,
      signal: aborter.signal,
      onClosed: () => abortFor('closed'),
    });
    const handled = handler.invoke(task.input, context).then(outcomeOfOutput, failureOfThrown);
    const outcome = await Promise.race([handled, gaveUp]);
    return settled(task, outcome, abort);
  } finally {
    clearTimeout(timeLimit);
    clearTimeout(graceTimer);
    options.signal?.removeEventListener('abort', stop);
  }
};

/** A handler that still answered after its abort is believed: whether the answer is too late is decided on the log. */
const settled = (task: StepTask, outcome: Outcome, abort: Abort | undefined): Outcome => {
  if (outcome.kind === 'output' || abort === undefined) return outcome;
  switch (abort) {
    case 'stopping':
      throw new AttemptAbandoned(`the worker stopped during ${task.executionId} ${task.token}`);
    case 'timeout':
      return failure(ERROR_NAMES.timeout, `The step did not end within ${task.timeoutMs} ms.`);
    case 'closed':
      return failure(ERROR_NAMES.taskFailed, 'The attempt was no longer open.');
  }
};

const contextFor = (
  task: StepTask,
  options: ExecuteTaskOptions,
  attempt: { traceparent: string | undefined; signal: AbortSignal; onClosed: () => void },
): HandlerContext => {
  let beating: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    try {
      if ((await options.heartbeat?.(task)) === 'closed') attempt.onClosed();
    } finally {
      beating = undefined;
    }
  };
  return {
    executionId: task.executionId,
    correlationId: task.correlationId,
    attempt: task.attempt,
    idempotencyKey: task.idempotencyKey,
    state: task.state,
    traceparent: attempt.traceparent,
    signal: attempt.signal,
    heartbeatMs: task.heartbeatMs,
    // One at a time: a handler that beats in a tight loop must not flood the log.
    heartbeat: () => (task.heartbeatMs === undefined ? Promise.resolve() : (beating ??= beat())),
    log: (level, message, attributes) => options.log?.(task, level, message, attributes),
  };
};

export const nowInstant = (): Instant => instantSchema.parse(new Date().toISOString());

const reportOf = (task: StepTask, outcome: Outcome, startedAt: Instant, worker: string, span: Span): StepReport => {
  const attempt = { token: task.token, startedAt, finishedAt: nowInstant(), worker };
  const traceparent = traceparentOf(span);
  if (outcome.kind === 'output') {
    const body = { ...attempt, output: outcome.output, outputHash: jsonHash(outcome.output) };
    return { type: 'CompleteStep', body, traceparent };
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
    const outcome = await runHandler(task, handlers, options, traceparentOf(span));
    return reportOf(task, outcome, startedAt, options.worker, span);
  });
