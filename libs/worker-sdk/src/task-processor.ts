import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import {
  type CommandAnswer,
  commandIdSchema,
  COMMAND_VERSION,
  ERROR_CODES,
  executionRef,
  type StepTask,
} from '@throughline/contracts';
import type { CommandSender, UnaddressedCommand } from '@throughline/event-log/jetstream';
import { executeTask, nowInstant, type StepReport, type TaskLog } from './execute-task.ts';
import type { HandlerSet } from './handler-set.ts';
import type { RunningAttempts } from './running-attempts.ts';
import { ERROR_NAMES } from './step-error.ts';

export type CommandSending = Pick<CommandSender, 'send'>;

export interface TaskProcessorOptions {
  readonly handlers: HandlerSet;
  readonly worker: string;
  readonly commands: CommandSending;
  readonly log: TaskLog;
  readonly running?: RunningAttempts;
  /** Aborts handlers and unfinished reports when the worker must stop now. */
  readonly signal: AbortSignal;
}

/** `deliveries`: how often the broker delivered the task, this time included. */
export type TaskProcessor = (task: StepTask, deliveries: number) => Promise<CommandAnswer>;

/** After this many deliveries without a result the step fails instead of running again. */
export const DELIVERIES_MAX = 10;
const ANSWER_TIMEOUT_MS = 10_000;
const RESEND_MS = 2_000;
const PAUSE_MS = 500;

type Report = Pick<StepReport, 'traceparent'> &
  ({ type: 'RecordHeartbeat'; body: { token: StepTask['token'] } } | Pick<StepReport, 'type' | 'body'>);

/** A new id per run of a handler: two runs of one task are two results, and the token lets only the first count. */
const commandOf = (report: Report, task: StepTask, worker: string): UnaddressedCommand =>
  // The cast joins type and body, which `Report` holds as a pair but TypeScript spreads apart.
  ({
    v: COMMAND_VERSION,
    id: commandIdSchema.parse(randomUUID()),
    actor: { kind: 'worker', id: worker },
    causationId: `${task.executionId}.${task.token}`.slice(0, 128),
    traceparent: report.traceparent ?? task.traceparent,
    type: report.type,
    body: report.body,
  }) as UnaddressedCommand;

const isTransient = (answer: CommandAnswer): boolean => {
  if (answer.outcome === 'accepted') return false;
  const code = answer.refusal.code;
  return code in ERROR_CODES && ERROR_CODES[code as keyof typeof ERROR_CODES].status >= 503;
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });

/** The worker stopped before its report was answered. The task must not be acked. */
export class ReportUnanswered extends Error {
  override readonly name = 'ReportUnanswered';
}

/** Repeats one command, the same bytes, until it is decided or the worker stops. */
export const sendUntilAnswered = async (
  task: Pick<StepTask, 'tenant' | 'executionId'>,
  command: UnaddressedCommand,
  { commands, signal }: Pick<TaskProcessorOptions, 'commands' | 'signal'>,
): Promise<CommandAnswer> => {
  const ref = executionRef(task.tenant, task.executionId);
  while (!signal.aborted) {
    try {
      const answer = await commands.send('worker', ref, command, { timeoutMs: ANSWER_TIMEOUT_MS, resendMs: RESEND_MS });
      if (answer.outcome !== 'unknown' && !isTransient(answer)) return answer;
    } catch {
      // The connection is down: it comes back by itself, or the worker is stopped.
    }
    await pause(PAUSE_MS, signal);
  }
  throw new ReportUnanswered(`the worker stopped before its report to ${task.executionId} was answered`);
};

/**
 * One task from delivery to the point where it may be acked. Resolves when the result was decided on, accepted or
 * refused; rejects when the worker stopped first, and then the task must be left for the next worker.
 */
export const createTaskProcessor = (options: TaskProcessorOptions): TaskProcessor => {
  const { handlers, worker, log, signal, commands, running } = options;
  // One listener per task in hand, and the slots bound those: no leak to warn of.
  setMaxListeners(0, signal);
  const heartbeat = async (task: StepTask): Promise<'open' | 'closed'> => {
    const command = commandOf({ type: 'RecordHeartbeat', body: { token: task.token } }, task, worker);
    const timeoutMs = Math.min(task.heartbeatMs ?? ANSWER_TIMEOUT_MS, ANSWER_TIMEOUT_MS);
    try {
      const ref = executionRef(task.tenant, task.executionId);
      const answer = await commands.send('worker', ref, command, { timeoutMs, resendMs: RESEND_MS });
      return answer.outcome === 'refused' && !isTransient(answer) ? 'closed' : 'open';
    } catch {
      return 'open';
    }
  };
  return async (task, deliveries) => {
    const report =
      deliveries > DELIVERIES_MAX
        ? crashedReport(task, deliveries, worker)
        : (lateReport(task, deliveries, worker) ??
          (await executeTask(task, handlers, {
            worker,
            signal,
            heartbeat,
            log,
            ...(running && { running }),
          })));
    const answer = await sendUntilAnswered(task, commandOf(report, task, worker), options);
    logOutcome(log, task, report, answer);
    return answer;
  };
};

/** A task whose worker died each time would die with every worker in turn, and its execution would wait for ever. */
const crashedReport = (task: StepTask, deliveries: number, worker: string): StepReport => {
  const at = nowInstant();
  const cause = `The task was delivered ${deliveries - 1} times and no worker lived to report a result.`;
  const body = { token: task.token, error: ERROR_NAMES.taskFailed, cause, startedAt: at, finishedAt: at, worker };
  return { type: 'FailStep', body };
};

/** What comes a second time was begun in time by a worker that died over it. */
const lateReport = (task: StepTask, deliveries: number, worker: string): StepReport | undefined => {
  if (task.queueWaitMs === undefined || deliveries > 1) return undefined;
  const waitedMs = Date.now() - Date.parse(task.scheduledAt);
  if (waitedMs <= task.queueWaitMs) return undefined;
  const at = nowInstant();
  const cause = `The task lay on queue ${task.queue} for ${waitedMs} ms, and ${task.queueWaitMs} ms are allowed: it was not begun.`;
  const body = { token: task.token, error: ERROR_NAMES.timeout, cause, startedAt: at, finishedAt: at, worker };
  return { type: 'FailStep', body };
};

const logOutcome = (log: TaskLog, task: StepTask, report: StepReport, answer: CommandAnswer): void => {
  const attributes = { attempt: task.attempt, token: task.token, queue: task.queue, handler: task.handler };
  if (answer.outcome === 'refused') {
    log(task, 'warn', `${task.state}: late result refused`, { ...attributes, code: answer.refusal.code });
  } else if (report.type === 'DeferStep') {
    const { forMs, cause = '' } = report.body;
    log(task, 'warn', `${task.state} is deferred for ${forMs} ms: ${cause}`, { ...attributes, forMs });
  } else if (report.type === 'CompleteStep') {
    log(task, 'ok', `${task.state} succeeded`, attributes);
  } else {
    const error = report.body.error ?? ERROR_NAMES.taskFailed;
    log(task, 'error', `${task.state} failed: ${error}`, { ...attributes, error });
  }
};
