import type { CommandAnswer } from '@throughline/contracts';
import {
  Admission,
  BROKER_CLOCK,
  CommandLoop,
  EffectPublisher,
  FairTurns,
  fastClock,
  LockReconciler,
  type LogClock,
  LogRoom,
  Reconciler,
  ScheduleReconciler,
  StateCache,
  TenantSettings,
  WorkflowCatalog,
} from '@throughline/engine';
import type { RecentCommits } from '@throughline/event-log';
import {
  createPublisher,
  JetStreamEventLog,
  type NatsConnection,
  type Publisher,
  type StreamsOptions,
  type StreamWatch,
  watchStreams,
  type WorkQueue,
} from '@throughline/event-log/jetstream';
import type { Logger } from 'pino';
import { startDecideSpan } from './commands/decide-tracing.ts';
import type { OrchestratorConfig } from './config.ts';
import { consumeCommands } from './consumers/command-consumer.ts';
import { consumeDueTimers } from './consumers/due-timer-consumer.ts';
import type { PrismaClient } from './read-model/database.ts';
import type { EngineReads } from './read-model/engine-reads.ts';
import { LockReads } from './read-model/lock-reads.ts';
import { ScheduleReads } from './read-model/schedule-reads.ts';
import type { TaskTokens } from './task-tokens/task-tokens.ts';
import { LivePreflight } from './preflight/preflight.ts';
import { JetStreamQueues } from './queues/jetstream-queues.ts';

/** The partition that this process decides; leases over several come with scale-out. */
const PARTITION = 0;
const TIMERS_IN_FLIGHT = 500;
/** Of all tenants, where several have some: enough to fill a group of commits. */
const COMMANDS_AT_ONCE = 128;
const DRAIN_MS = 5_000;

export type EngineConfig = OrchestratorConfig & StreamsOptions;

/** Everything that decides, put together: the command loop with its two consumers, and what keeps the queues whole. */
export class Engine {
  readonly log: JetStreamEventLog;
  readonly loop: CommandLoop;
  readonly turns: FairTurns;
  readonly admission: Admission;
  readonly room: LogRoom;
  readonly catalog: WorkflowCatalog;
  readonly states: StateCache;
  readonly schedules: ScheduleReads;
  readonly locks: LockReads;
  readonly settings: TenantSettings;
  readonly preflight: LivePreflight;
  private readonly nc: NatsConnection;
  private readonly logger: Logger;
  private readonly config: EngineConfig;
  private readonly publisher: Publisher;
  private readonly reconciler: Reconciler;
  private readonly clock: LogClock;
  private queues: WorkQueue[] = [];
  private watch: StreamWatch | undefined;

  /**
   * `logConnection` carries appends and nothing else: the server reads one connection in order and does not read on while
   * it fsyncs, so tasks and answers on the same connection would stand behind every commit.
   */
  constructor(
    nc: NatsConnection,
    private readonly logConnection: NatsConnection,
    recent: RecentCommits,
    reads: EngineReads,
    prisma: PrismaClient,
    tokens: TaskTokens,
    config: EngineConfig,
    logger: Logger,
  ) {
    this.nc = nc;
    this.logger = logger;
    this.config = config;
    this.log = new JetStreamEventLog(logConnection, { onEncoded: (encoded) => recent.add(encoded) });
    this.publisher = createPublisher(nc);
    this.clock = config.timerSpeed === 1 ? BROKER_CLOCK : fastClock(config.timerSpeed, Date.now());
    this.states = new StateCache(this.log, config.statesMax);
    this.catalog = new WorkflowCatalog(this.log);
    this.settings = new TenantSettings(this.log);
    this.preflight = new LivePreflight(nc, { directory: config.secretsDirectory, environment: process.env });
    this.room = new LogRoom(this.log);
    this.turns = new FairTurns(COMMANDS_AT_ONCE);
    this.admission = new Admission({
      turns: this.turns,
      inHandMax: config.commandsInFlightMax,
      lateMs: config.startLateMs,
      ...(config.tenantOpenMax === undefined ? {} : { openMax: config.tenantOpenMax }),
      countOpen: (tenant, upTo) => reads.countOpenUpTo(tenant, upTo),
    });
    const queues = new JetStreamQueues(nc, this.publisher);
    this.loop = new CommandLoop({
      log: this.log,
      states: this.states,
      catalog: this.catalog,
      settings: this.settings,
      preflight: this.preflight,
      effects: new EffectPublisher({ sink: queues, tokens, clock: this.clock }),
      clock: this.clock,
      startSpan: startDecideSpan,
      onCommitted: (commit) => this.admission.committed(commit),
      reply: this.reply,
    });
    this.schedules = new ScheduleReads(prisma, this.states);
    this.locks = new LockReads(prisma, this.states);
    const locks = new LockReconciler({
      queues,
      loop: this.loop,
      reads: this.locks,
      standingStillMs: config.standingStillMs,
      onRepublished: (lock, effects) => logger.warn({ ...lock, effects }, 'lost timers of locks published again'),
    });
    const schedules = new ScheduleReconciler({
      queues,
      loop: this.loop,
      reads: this.schedules,
      standingStillMs: config.standingStillMs,
      onRepublished: (schedule, effects) =>
        logger.warn({ scheduleId: schedule.id, tenant: schedule.tenant, effects }, 'lost effects published again'),
    });
    this.reconciler = new Reconciler(queues, this.loop, reads, {
      standingStillMs: config.standingStillMs,
      everyMs: config.reconcileEveryMs,
      others: [schedules, locks],
      onRepublished: (execution, effects) =>
        logger.warn({ executionId: execution.id, tenant: execution.tenant, effects }, 'lost effects published again'),
      onProblem: (problem) => logger.warn({ problem }, 'the reconciler could not look'),
    });
  }

  get connected(): boolean {
    return this.queues.length > 0 && this.queues.every((queue) => queue.connected);
  }

  async start(): Promise<void> {
    await this.room.start();
    this.watch = watchStreams(this.nc, {
      replicas: this.config.replicas,
      onRecreated: (streams) => this.logger.warn({ streams }, 'missing streams were made again'),
      onProblem: (problem) => this.logger.error({ problem }, 'a stream is missing'),
    });
    const onProblem = (problem: string, cause?: unknown): void => this.logger.warn({ problem, err: cause }, 'queue');
    this.queues = [
      await consumeCommands(this.nc, this.loop, this.room, {
        partition: PARTITION,
        inFlightMax: this.config.commandsInFlightMax,
        turns: this.turns,
        admission: this.admission,
        clock: this.clock,
        reply: this.reply,
        onProblem,
      }),
      await consumeDueTimers(this.nc, this.loop, { inFlightMax: TIMERS_IN_FLIGHT, clock: this.clock, onProblem }),
    ];
    this.reconciler.start();
  }

  /** Takes no more commands, finishes those in hand, then lets go of everything. */
  async stop(): Promise<void> {
    await this.reconciler.stop();
    await Promise.all(this.queues.map((queue) => queue.drain(DRAIN_MS)));
    await this.watch?.stop();
    this.room.stop();
    this.publisher.close();
    this.log.close();
    await this.logConnection.close();
  }

  private readonly reply = (replyTo: string, answer: CommandAnswer): void => {
    // Core NATS: an answer that gets lost is asked for again by the sender's repeat of the command.
    this.nc.publish(replyTo, JSON.stringify(answer));
  };
}
