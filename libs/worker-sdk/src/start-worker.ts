import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connectNats, consumeTasks, createCommandSender } from '@throughline/event-log/jetstream';
import type { Handler } from './handler.ts';
import { handlerSet } from './handler-set.ts';
import { listenForCancels, RunningAttempts } from './running-attempts.ts';
import { createTaskLog } from './task-log.ts';
import { createTaskProcessor } from './task-processor.ts';
import { handleTaskMessage, taskQueueConsumer } from './task-queue.ts';

export interface StartWorkerOptions {
  /** One URL or several, comma-separated. */
  readonly natsUrl: string;
  readonly handlers: readonly Handler[];
  /** Handlers that run at once in this process, over all queues; default 16. Tasks are fetched for free slots only. */
  readonly concurrency?: number;
  /** Named in every recorded attempt; default: host name and a random suffix. */
  readonly name?: string;
  onProblem?(problem: string, cause?: unknown): void;
}

export interface RunningWorker {
  readonly name: string;
  /** True while every queue is consumed. */
  readonly connected: boolean;
  readonly inFlight: number;
  /** Takes no more tasks, lets handlers end for `graceMs` (default 10 s), then aborts them; their tasks come again elsewhere. */
  stop(graceMs?: number): Promise<void>;
}

const CONCURRENCY = 16;
const GRACE_MS = 10_000;
const ABORT_MS = 6_000;

/** Runs handlers in the caller's own process until it is stopped. Resolves once every queue is consumed. */
export const startWorker = async (options: StartWorkerOptions): Promise<RunningWorker> => {
  const { natsUrl, concurrency = CONCURRENCY, onProblem } = options;
  const name = (options.name ?? `${hostname()}-${randomUUID().slice(0, 8)}`).slice(0, 128);
  const handlers = handlerSet(options.handlers);
  if (handlers.queues.length === 0) throw new Error('startWorker needs at least one handler');
  const nc = await connectNats({ url: natsUrl, name });
  const commands = createCommandSender(nc);
  const stopping = new AbortController();
  const log = createTaskLog(nc, 'worker-sdk');
  const running = new RunningAttempts();
  listenForCancels(nc, running);
  const process = createTaskProcessor({ handlers, worker: name, commands, log, signal: stopping.signal, running });
  // Slots are shared out evenly and not pooled: a queue full of slow tasks must not starve the others.
  const slots = Math.max(1, Math.floor(concurrency / handlers.queues.length));
  const queues = await Promise.all(
    handlers.queues.map((queue) =>
      consumeTasks(nc, {
        ...taskQueueConsumer(queue, handlers),
        slots,
        handle: (message) => handleTaskMessage(message, process),
        ...(onProblem ? { onProblem } : {}),
      }),
    ),
  );
  const stop = async (graceMs: number): Promise<void> => {
    const abortTimer = setTimeout(() => stopping.abort(), graceMs);
    await Promise.all(queues.map((queue) => queue.drain(graceMs + ABORT_MS)));
    clearTimeout(abortTimer);
    stopping.abort();
    commands.close();
    if (!nc.isClosed()) await nc.drain();
  };
  let stopped: Promise<void> | undefined;
  return {
    name,
    get connected() {
      return queues.every((queue) => queue.connected);
    },
    get inFlight() {
      return queues.reduce((sum, queue) => sum + queue.inFlight, 0);
    },
    stop: (graceMs = GRACE_MS) => (stopped ??= stop(graceMs)),
  };
};
