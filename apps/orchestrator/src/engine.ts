import { type CommandAnswer, PARTITIONS_DEFAULT, partitionOf, STREAMS } from '@throughline/contracts';
import {
  Admission,
  BROKER_CLOCK,
  CommandLoop,
  EffectPublisher,
  FairTurns,
  fastClock,
  handleCommand,
  handleDueTimer,
  lockReconciler,
  type LogClock,
  LogRoom,
  Reconciler,
  scheduleReconciler,
  StateCache,
  TenantSettings,
  WorkflowCatalog,
} from '@throughline/engine';
import type { RecentCommits } from '@throughline/event-log';
import {
  consumeWorkQueue,
  createPublisher,
  ensureStreams,
  JetStreamEventLog,
  type LeasedParts,
  type NatsConnection,
  type PartOwner,
  partitionsOf,
  type Publisher,
  type SharedWorkQueue,
  shareParts,
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
import { FormerPartitions, type FormerQueue } from './partitions/former-partitions.ts';
import { PartitionQueues } from './partitions/partition-queues.ts';
import { LivePreflight } from './preflight/preflight.ts';
import { JetStreamQueues } from './queues/jetstream-queues.ts';

const TIMERS_IN_FLIGHT = 500;
/** Of all tenants, where several have some: enough to fill a group of commits. */
const COMMANDS_AT_ONCE = 128;
/** Of each partition, however many there are: less would not keep its queue busy. */
const COMMANDS_IN_FLIGHT_MIN = 32;
const FORMER_EVERY_MS = 5_000;
const FORMER = { maxInFlight: 100, ackWaitMs: 30_000, maxDeliver: 10, exclusive: true };

export type EngineConfig = OrchestratorConfig & Pick<StreamsOptions, 'replicas'> & { readonly instance: string };

/**
 * Everything that decides, put together: the command loop, the queues of the partitions that this process has in hand, and
 * what keeps the queues whole.
 */
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
  private readonly queues = new PartitionQueues((partition) => this.openPartition(partition));
  private readonly former: FormerPartitions;
  private formerTimer: NodeJS.Timeout | undefined;
  private partitionCount: number = PARTITIONS_DEFAULT;
  private partitions: LeasedParts | undefined;
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
      lag: { commits: () => reads.lag, max: config.readModelLagMax },
      ...(config.tenantOpenMax === undefined ? {} : { openMax: config.tenantOpenMax }),
      countOpen: (tenant, upTo) => reads.countOpenUpTo(tenant, upTo),
      orchestrators: () => Math.max(1, this.partitions?.members ?? 1),
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
      isOurs: (ref) => this.partitions?.owned.has(partitionOf(ref, this.partitionCount)) === true,
      startSpan: startDecideSpan,
      onCommitted: (commit) => this.admission.committed(commit),
      reply: this.reply,
    });
    this.former = new FormerPartitions({
      nc,
      count: () => this.partitionCount,
      open: (queue) => this.openFormer(queue),
    });
    this.schedules = new ScheduleReads(prisma, this.states);
    this.locks = new LockReads(prisma, this.states);
    const locks = lockReconciler({
      queues,
      loop: this.loop,
      reads: this.locks,
      standingStillMs: config.standingStillMs,
      onRepublished: (lock, effects) => logger.warn({ ...lock, effects }, 'lost timers of locks published again'),
    });
    const schedules = scheduleReconciler({
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
    return this.partitions?.healthy === true && this.queues.connected;
  }

  /** Who decides which partition, as far as this process knows. */
  owners(): readonly PartOwner[] {
    return this.partitions?.owners() ?? [];
  }

  get shared(): LeasedParts | undefined {
    return this.partitions;
  }

  async start(): Promise<void> {
    const { replicas, instance, partitions } = this.config;
    await this.room.start();
    await this.askForPartitions();
    this.watch = watchStreams(this.nc, {
      replicas,
      ...(partitions === undefined ? {} : { partitions }),
      onRecreated: (streams) => this.logger.warn({ streams }, 'missing streams were made again'),
      onProblem: (problem) => this.logger.error({ problem }, 'a stream is missing'),
    });
    this.partitions = await shareParts(this.nc, {
      group: 'commands',
      instance,
      count: () => this.countPartitions(),
      onTaken: (partition) => this.queues.take(partition),
      onGiveUp: (partition) => this.queues.giveUp(partition),
      onLost: (partition) => {
        this.logger.warn({ partition }, 'another orchestrator has the partition now');
        this.queues.lose(partition);
      },
      onProblem: (problem) => this.logger.warn({ problem }, 'the leases of partitions cannot be kept'),
    });
    await this.queues.settled();
    this.lookForFormer();
    this.reconciler.start();
  }

  /** Takes no more commands, finishes those in hand, then lets go of everything. */
  async stop(): Promise<void> {
    await this.reconciler.stop();
    clearTimeout(this.formerTimer);
    await Promise.all([this.partitions?.stop(), this.former.stop()]);
    await this.watch?.stop();
    this.room.stop();
    this.publisher.close();
    this.log.close();
    await this.logConnection.close();
  }

  /** Every service makes streams that are missing; how many partitions there are is said here alone. */
  private async askForPartitions(): Promise<void> {
    const { replicas, partitions } = this.config;
    if (partitions === undefined) return;
    const streams = await ensureStreams(this.nc, { replicas, partitions });
    if (streams.kind === 'unfit') throw new Error(`${streams.code}: ${streams.problem}`);
  }

  private async countPartitions(): Promise<number> {
    this.partitionCount = (await partitionsOf(this.nc)) ?? this.partitionCount;
    return this.partitionCount;
  }

  private async openPartition(partition: number): Promise<readonly SharedWorkQueue[]> {
    const { clock, reply } = this;
    const inFlightMax = this.config.commandsInFlightMax;
    const mayHold = (): number =>
      Math.max(COMMANDS_IN_FLIGHT_MIN, Math.floor(inFlightMax / Math.max(1, this.partitions?.owned.size ?? 1)));
    return await Promise.all([
      consumeCommands(this.nc, this.loop, this.room, {
        partition,
        inFlightMax,
        mayHold,
        turns: this.turns,
        admission: this.admission,
        clock,
        reply,
        onProblem: this.queueProblem,
      }),
      consumeDueTimers(this.nc, this.loop, {
        partition,
        inFlightMax: TIMERS_IN_FLIGHT,
        clock,
        onProblem: this.queueProblem,
      }),
    ]);
  }

  private lookForFormer(): void {
    const look = async (): Promise<void> => {
      if (this.partitions?.owned.has(0) === true) await this.former.look();
      else await this.former.stop();
    };
    const again = (): void => {
      this.formerTimer = setTimeout(() => {
        void look()
          .catch((error: unknown) => this.logger.warn({ err: error }, 'former partitions cannot be looked at'))
          .then(again);
      }, FORMER_EVERY_MS);
    };
    again();
  }

  private openFormer(queue: FormerQueue): Promise<WorkQueue> {
    const { loop, room, clock, reply } = this;
    return consumeWorkQueue(this.nc, {
      ...queue,
      ...FORMER,
      onProblem: this.queueProblem,
      handle: (message) =>
        queue.stream === STREAMS.commands
          ? handleCommand(message, { loop, room, clock, reply })
          : handleDueTimer(message, loop, clock),
    });
  }

  private readonly queueProblem = (problem: string, cause?: unknown): void =>
    this.logger.warn({ problem, err: cause }, 'queue');

  private readonly reply = (replyTo: string, answer: CommandAnswer): void => {
    // Core NATS: an answer that gets lost is asked for again by the sender's repeat of the command.
    this.nc.publish(replyTo, JSON.stringify(answer));
  };
}
