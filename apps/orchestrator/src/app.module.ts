import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type EventLog, RecentCommits } from '@throughline/event-log';
import { type CommandSender, connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import {
  COMMAND_SENDER,
  EVENT_LOG,
  HOST_CONFIG,
  type HostConfig,
  LOGGER,
  Moments,
  NATS_CONNECTION,
  PG_POOL,
  PROJECTION,
  ReadModelModule,
  ServiceStatus,
} from '@throughline/service-host';
import type { RunningProjection } from '@throughline/projections';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { orchestratorConfig } from './config.ts';
import { Engine } from './engine.ts';
import { ActivityPolls } from './activities/activity-polls.ts';
import { type RecentExecutionsResponder, respondToRecentExecutions } from './consumers/recent-executions-responder.ts';
import { type TaskReportResponder, respondToTaskReports } from './consumers/task-report-responder.ts';
import { ActivitiesController } from './http/activities.controller.ts';
import { CommandGateway } from './http/command-gateway.ts';
import { DeadLettersController } from './http/dead-letters.controller.ts';
import { DeliveriesController } from './http/deliveries.controller.ts';
import { DryRunsController } from './http/dry-runs.controller.ts';
import { ErrorsController } from './http/errors.controller.ts';
import { EngineController } from './http/engine.controller.ts';
import { ApprovalsController } from './http/approvals.controller.ts';
import { ControlController } from './http/control.controller.ts';
import { ExecutionsController } from './http/executions.controller.ts';
import { LocksController } from './http/locks.controller.ts';
import { SchedulesController } from './http/schedules.controller.ts';
import { PreflightController } from './http/preflight.controller.ts';
import { SettingsController } from './http/settings.controller.ts';
import { TaskTokensController } from './http/task-tokens.controller.ts';
import { WorkflowsController } from './http/workflows.controller.ts';
import { readTaskTokenKeys, TaskTokens } from './task-tokens/task-tokens.ts';
import { TaskReports } from './task-tokens/task-reports.ts';
import { ApprovalReads } from './read-model/approval-reads.ts';
import { openPrisma, PrismaClient } from './read-model/database.ts';
import { EngineReads } from './read-model/engine-reads.ts';
import { ExecutionReads } from './read-model/execution-reads.ts';
import { orchestratorReadModel } from './read-model/orchestrator-projection.ts';
import { DeadLetterReads } from './read-model/dead-letter-reads.ts';
import { LockReads } from './read-model/lock-reads.ts';
import { PastExecutions } from './read-model/past-executions.ts';
import { ScheduleReads } from './read-model/schedule-reads.ts';
import { WorkflowReads } from './read-model/workflow-reads.ts';

const recent = new RecentCommits();

@Module({
  imports: [ReadModelModule.for(orchestratorReadModel, { decode: (bytes) => recent.decode(bytes) })],
  controllers: [
    ExecutionsController,
    ControlController,
    ApprovalsController,
    WorkflowsController,
    TaskTokensController,
    ActivitiesController,
    DeliveriesController,
    SchedulesController,
    SettingsController,
    ErrorsController,
    DryRunsController,
    PreflightController,
    DeadLettersController,
    LocksController,
    EngineController,
  ],
  providers: [
    { provide: PrismaClient, useFactory: (pool: Pool) => openPrisma(pool), inject: [PG_POOL] },
    {
      provide: EngineReads,
      useFactory: (prisma: PrismaClient, projection: RunningProjection) => new EngineReads(prisma, projection),
      inject: [PrismaClient, PROJECTION],
    },
    { provide: TaskTokens, useFactory: () => readTaskTokenKeys(orchestratorConfig().taskTokenKeyFile) },
    {
      provide: Engine,
      useFactory: async (
        nc: NatsConnection,
        reads: EngineReads,
        prisma: PrismaClient,
        tokens: TaskTokens,
        host: HostConfig,
        logger: Logger,
      ) => {
        const logConnection = await connectNats({ url: host.natsUrl, name: `${host.service}-log` });
        const config = { ...orchestratorConfig(), replicas: host.replicas, instance: host.instance };
        return new Engine(nc, logConnection, recent, reads, prisma, tokens, config, logger);
      },
      inject: [NATS_CONNECTION, EngineReads, PrismaClient, TaskTokens, HOST_CONFIG, LOGGER],
    },
    {
      provide: ExecutionReads,
      useFactory: (prisma: PrismaClient, log: EventLog) => new ExecutionReads(prisma, log),
      inject: [PrismaClient, EVENT_LOG],
    },
    {
      provide: PastExecutions,
      useFactory: (prisma: PrismaClient, log: EventLog, nc: NatsConnection) => new PastExecutions(prisma, log, nc),
      inject: [PrismaClient, EVENT_LOG, NATS_CONNECTION],
    },
    {
      provide: Moments,
      useFactory: (nc: NatsConnection, projection: RunningProjection) => new Moments(nc, projection),
      inject: [NATS_CONNECTION, PROJECTION],
    },
    {
      provide: ApprovalReads,
      useFactory: (prisma: PrismaClient, log: EventLog) => new ApprovalReads(prisma, log),
      inject: [PrismaClient, EVENT_LOG],
    },
    {
      provide: WorkflowReads,
      useFactory: (prisma: PrismaClient, engine: Engine) => new WorkflowReads(prisma, engine.catalog),
      inject: [PrismaClient, Engine],
    },
    {
      provide: DeadLetterReads,
      useFactory: (nc: NatsConnection, engine: Engine) => new DeadLetterReads(nc, engine.states),
      inject: [NATS_CONNECTION, Engine],
    },
    { provide: LockReads, useFactory: (engine: Engine) => engine.locks, inject: [Engine] },
    { provide: ScheduleReads, useFactory: (engine: Engine) => engine.schedules, inject: [Engine] },
    {
      provide: CommandGateway,
      useFactory: (sender: CommandSender) => new CommandGateway(sender),
      inject: [COMMAND_SENDER],
    },
    {
      provide: TaskReports,
      useFactory: (tokens: TaskTokens, commands: CommandGateway) => new TaskReports(tokens, commands),
      inject: [TaskTokens, CommandGateway],
    },
    {
      provide: ActivityPolls,
      useFactory: (nc: NatsConnection, sender: CommandSender, tokens: TaskTokens) =>
        new ActivityPolls(nc, sender, tokens),
      inject: [NATS_CONNECTION, COMMAND_SENDER, TaskTokens],
    },
  ],
})
export class AppModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private responder: TaskReportResponder | undefined;
  private recent: RecentExecutionsResponder | undefined;

  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ServiceStatus) private readonly status: ServiceStatus,
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(NATS_CONNECTION) private readonly nc: NatsConnection,
    @Inject(TaskReports) private readonly reports: TaskReports,
    @Inject(ActivityPolls) private readonly polls: ActivityPolls,
    @Inject(ExecutionReads) private readonly executions: ExecutionReads,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { loop, states } = this.engine;
    const { counters } = loop;
    this.status.addCheck('command-queue', () => ({ ok: this.engine.connected }));
    this.status.counterOf('commands_total', 'Commands taken from the queue', () => counters.commands);
    this.status.counterOf('commits_total', 'Commits appended to the log', () => counters.commits);
    this.status.counterOf('refusals_total', 'Commands refused', () => counters.refusals);
    this.status.counterOf('duplicates_total', 'Commands that were decided already', () => counters.duplicates);
    this.status.counterOf('conflicts_total', 'Rounds decided again after a lost fence', () => counters.conflicts);
    this.status.counterOf('effects_total', 'Tasks, timers and commands published', () => counters.effects);
    this.status.gauge('states_cached', 'Folded aggregates in memory', () => states.size);
    this.status.gauge('lanes_open', 'Aggregates with a decision under way', () => loop.lanesOpen);
    this.status.gauge('activity_polls', 'Polls of activities that wait for a task', () => this.polls.waiting);
    const { turns, admission } = this.engine;
    this.status.gauge('commands_waiting', "Commands that wait for their tenant's turn", () => turns.waiting);
    for (const why of ['tenant', 'late', 'lag'] as const) {
      const help = 'Starts sent away before they were decided';
      this.status.counterOf('starts_refused_total', help, () => admission.refused[why], { why });
    }
    this.status.gauge(
      'partitions_owned',
      'Partitions of commands in hand here',
      () => this.engine.shared?.owned.size ?? 0,
    );
    this.status.gauge(
      'orchestrators',
      'Orchestrators that share the partitions',
      () => this.engine.shared?.members ?? 0,
    );
    for (const change of ['taken', 'lost', 'givenUp'] as const) {
      const read = (): number => this.engine.shared?.counters[change] ?? 0;
      this.status.counterOf('partition_changes_total', 'Partitions taken, lost and given up', read, { change });
    }
    await this.engine.start();
    this.responder = respondToTaskReports(this.nc, this.reports);
    this.recent = respondToRecentExecutions(this.nc, this.executions);
  }

  async onApplicationShutdown(): Promise<void> {
    this.polls.stop();
    await this.responder?.stop();
    await this.recent?.stop();
    await this.engine.stop();
    await this.prisma.$disconnect();
  }
}
