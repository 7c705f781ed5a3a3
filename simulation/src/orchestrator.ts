import type { CommandAnswer } from '@throughline/contracts';
import {
  CommandLoop,
  EffectPublisher,
  type EffectSink,
  handleCommand,
  handleDueTimer,
  instantOf,
  lockReconciler,
  type Preflight,
  type QueueView,
  Reconciler,
  scheduleReconciler,
  StateCache,
  TenantSettings,
  WorkflowCatalog,
} from '@throughline/engine';
import { ServedEventLog } from '@throughline/event-log';
import type { Limits } from '@throughline/execution';
import type { Chance } from './chance.ts';
import type { Process } from './network.ts';
import { SimulatedReads, type SimulatedDatabase } from './simulated-database.ts';
import { logServerFor, type SimulatedLog } from './simulated-log.ts';
import type { SimulatedQueues } from './simulated-queues.ts';

export interface OrchestratorParts {
  readonly process: Process;
  readonly chance: Chance;
  readonly log: SimulatedLog;
  readonly queues: SimulatedQueues;
  readonly database: SimulatedDatabase;
  readonly statesMax: number;
  /** So many commits at once go out as a group. */
  readonly groupMin: number;
  readonly limits: Limits;
  readonly standingStillMs: number;
  readonly reply: (replyTo: string, answer: CommandAnswer) => void;
}

const RECONCILE_EVERY_MS = 2_000;
/** Workers and secrets are not simulated: a preflight finds nothing wrong. */
const PREFLIGHT: Preflight = { look: () => Promise.resolve([]) };

/** By this a simulated holder of a task token knows its attempt. */
export const taskTokenOf = (executionId: string, token: string): string => `for-${executionId}-at-${token}`;
export const bearerOfTaskToken = (text: string): { executionId: string; token: string } | undefined => {
  const [, executionId, token] = /for-([\w-]+)-at-(\d+\.\d+)/.exec(text) ?? [];
  return executionId !== undefined && token !== undefined ? { executionId, token } : undefined;
};

/** The engine as the orchestrator puts it together, over simulated servers. */
export const runOrchestrator = (parts: OrchestratorParts): void => {
  const { process, chance, queues, reply } = parts;
  const { nowMs } = process;
  const newId = (): string => chance.name();
  const { decode } = parts.log;
  const log = new ServedEventLog(logServerFor(process, parts.log), {
    ackTimeoutMs: 1_000,
    groupMin: parts.groupMin,
    decode,
  });
  const loop = new CommandLoop({
    log,
    states: new StateCache(log, parts.statesMax, nowMs),
    catalog: new WorkflowCatalog(log, { nowMs }),
    settings: new TenantSettings(log, nowMs),
    preflight: PREFLIGHT,
    effects: new EffectPublisher({
      sink: sinkFor(process, queues),
      tokens: { issue: ({ executionId, token }) => taskTokenOf(executionId, token) },
      nowMs,
      newId,
    }),
    nowMs,
    newId,
    limits: parts.limits,
    reply,
  });
  const room = { accepts: () => true };
  queues.commands.consume({ process, handle: (message) => handleCommand(message, { loop, room, reply }) });
  queues.due.consume({ process, handle: (message) => handleDueTimer(message, loop) });
  keepReconciling(parts, loop);
};

const keepReconciling = (parts: OrchestratorParts, loop: CommandLoop): void => {
  const { process, standingStillMs } = parts;
  const { nowMs } = process;
  const reads = new SimulatedReads(process, parts.database);
  const queues = viewFor(process, parts.queues);
  const quiet = { standingStillMs, nowMs, onRepublished: () => undefined };
  const reconciler = new Reconciler(queues, loop, reads.executions, {
    ...quiet,
    everyMs: RECONCILE_EVERY_MS,
    others: [
      scheduleReconciler({ ...quiet, queues, loop, reads: reads.schedules }),
      lockReconciler({ ...quiet, queues, loop, reads: reads.locks }),
    ],
    onProblem: () => undefined,
  });
  const tick = (): void => {
    // A look that fails is followed by the next one.
    const next = (): void => process.after(RECONCILE_EVERY_MS, tick);
    reconciler.tick().then(next, next);
  };
  process.after(RECONCILE_EVERY_MS, tick);
};

const sinkFor = (process: Process, queues: SimulatedQueues): EffectSink => ({
  task: (task) => process.call(() => queues.task(task)),
  delivery: () => Promise.resolve(),
  armTimer: (ref, message, fireAt) => process.call(() => queues.arm(ref, message, fireAt)),
  cancelTimer: (ref, timer) => process.call(() => queues.cancel(ref, timer)),
  abort: () => undefined,
  command: (ref, command) => process.call(() => queues.send('system', ref, command)),
  settleDeadLetter: () => Promise.resolve(),
});

const viewFor = (process: Process, queues: SimulatedQueues): QueueView => ({
  timerIsThere: (ref, timer) => process.call(() => queues.timerIsThere(ref, timer)),
  queueIsIdle: (queue) => process.call(() => queues.isIdle(queue)),
  streamCreatedAt: () => process.call(() => instantOf(queues.tasks.createdAtMs)),
});
