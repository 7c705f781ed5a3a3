import { aggregateIdSchema, DELIVERY_QUEUE, type Queue, STREAMS, tenantSchema } from '@throughline/contracts';
import type { Effect } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { QueueView } from '../effects/queues.ts';
import type { OpenExecution, StandingStill } from './standing-still.ts';
import { StandingStillWalk } from './standing-still-walk.ts';
import { SentLately } from './sent-lately.ts';

/**
 * Brings back tasks and timers that are awaited and not there: queue streams may lose what was not decided yet, and a
 * whole queue stream may be deleted. What is awaited comes from the log; the read model only says where to look.
 */

export interface ReconcilerOptions {
  /** Executions that nothing happened to for so long are looked at. */
  readonly standingStillMs: number;
  readonly everyMs: number;
  readonly onRepublished: (execution: OpenExecution, effects: number) => void;
  readonly onProblem: (problem: string) => void;
  /** What else is looked after as often. */
  readonly others?: readonly { tick(): Promise<void> }[];
  readonly nowMs?: () => number;
}

/** A republished task needs time to be fetched; in a busy queue, where it cannot be seen, also time to run. */
const TASK_AGAIN_MS = { idle: 15_000, busy: 10 * 60_000 };
/** Parents and children that stand still ask each other this often for what may be lost, and say it again. */
const RELATIVES_AGAIN_MS = 5 * 60_000;
const START_AGAIN_MS = 60_000;

export class Reconciler {
  private readonly queues: QueueView;
  private readonly reads: StandingStill;
  private readonly options: ReconcilerOptions;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly walk: StandingStillWalk<OpenExecution>;
  private readonly sent: SentLately;
  /** Which queues hold nothing, as far as this tick has asked. */
  private idle = new Map<string, Promise<boolean>>();

  constructor(
    queues: QueueView,
    loop: Pick<CommandLoop, 'republish'>,
    reads: StandingStill,
    options: ReconcilerOptions,
  ) {
    this.queues = queues;
    this.reads = reads;
    this.options = options;
    const { standingStillMs, onRepublished, nowMs = Date.now } = options;
    this.sent = new SentLately(nowMs);
    this.walk = new StandingStillWalk({
      loop,
      standingStillMs,
      onRepublished,
      nowMs,
      pageOf: (before, limit, after) => reads.standingStill(before, limit, after),
      refOf: ({ tenant, id }) => ({
        tenant: tenantSchema.parse(tenant),
        aggregate: 'execution',
        aggregateId: aggregateIdSchema.parse(id),
      }),
      missing: (effects) => this.missing(effects),
    });
  }

  start(): void {
    const next = (): void => {
      if (this.stopped) return;
      this.running = this.tick().catch((error: unknown) => {
        this.options.onProblem(error instanceof Error ? error.message : String(error));
      });
      void this.running.then(() => {
        if (!this.stopped) this.timer = setTimeout(next, this.options.everyMs);
      });
    };
    this.timer = setTimeout(next, this.options.everyMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.walk.stop();
    clearTimeout(this.timer);
    await this.running;
  }

  async tick(): Promise<void> {
    this.idle = new Map();
    await this.walk.tick();
    await this.walk.alsoLookAt((before, limit) => this.reads.deliveringStill(before, limit));
    for (const other of this.options.others ?? []) if (!this.stopped) await other.tick();
  }

  private async missing(effects: readonly Effect[]): Promise<readonly Effect[]> {
    const missing: Effect[] = [];
    for (const effect of effects) if (await this.isMissing(effect)) missing.push(effect);
    return missing;
  }

  private async isMissing(effect: Effect): Promise<boolean> {
    switch (effect.kind) {
      case 'task':
        return this.isTaskMissing(effect.id, effect.task.queue, effect.task.scheduledAt);
      case 'delivery':
        return this.isTaskMissing(effect.id, DELIVERY_QUEUE, effect.task.scheduledAt);
      case 'arm-timer':
        return !(await this.queues.timerIsThere(effect.ref, effect.timer));
      case 'command':
        return this.isCommandMissing(effect);
      // It comes again with the command that settled the letter.
      case 'dead-letter':
      case 'cancel-timer':
      case 'abort-attempts':
        return false;
    }
  }

  private async isTaskMissing(id: string, queue: Queue, scheduledAt: string): Promise<boolean> {
    const looked = this.idle.get(queue) ?? this.queues.queueIsIdle(queue);
    this.idle.set(queue, looked);
    // An idle queue holds no task at all, so this one is not there. In a busy one a task cannot be looked up by
    // name: it is only known to be gone where the whole stream is younger than it.
    if (await looked) return this.sent.maySend(id, TASK_AGAIN_MS.idle);
    const gone = (await this.queues.streamCreatedAt(STREAMS.tasks)) > scheduledAt;
    return gone && this.sent.maySend(id, TASK_AGAIN_MS.busy);
  }

  private isCommandMissing({ id, command }: Extract<Effect, { kind: 'command' }>): boolean {
    switch (command.type) {
      case 'ContinueExecution':
        return true;
      case 'CancelExecution':
        // Comes again with the command that cut its attempt short. A child that missed it all the same says its start
        // again when it stands still, and is stopped then.
        return false;
      case 'StartExecution':
      case 'AcquireLock':
        // It may be on its way.
        return this.sent.maySend(id, START_AGAIN_MS);
      default:
        return this.sent.maySend(id, RELATIVES_AGAIN_MS);
    }
  }
}
