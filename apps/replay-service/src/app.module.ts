import {
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender, NatsConnection } from '@throughline/event-log/jetstream';
import {
  COMMAND_SENDER,
  EVENT_LOG,
  LOGGER,
  NATS_CONNECTION,
  PG_POOL,
  ReadModelModule,
} from '@throughline/service-host';
import type { Logger } from 'pino';
import { ForkExecution } from './forks/fork-execution.ts';
import { ForksController } from './http/forks.controller.ts';
import { ReplayController } from './http/replay.controller.ts';
import { MigrateController } from './http/migrate.controller.ts';
import { WhatIfController } from './http/what-if.controller.ts';
import { TimeTravelController } from './http/time-travel.controller.ts';
import { createPrisma, PrismaClient } from './read-model/database.ts';
import { replayReadModel } from './read-model/replay-projection.ts';
import { SessionReads } from './read-model/session-reads.ts';
import { Migration } from './migrate/migration.ts';
import { RecordAnswerer } from './record/record-answerer.ts';
import { RecordConsumer } from './record/record.consumer.ts';
import { ReplayCommands } from './sessions/replay-commands.ts';
import { sessionExecutors } from './sessions/session-executors.ts';
import { SessionRunner } from './sessions/session-runner.ts';
import { SnapshotStore } from './read-model/snapshot-store.ts';
import { SnapshotDesk } from './replay/snapshot-desk.ts';
import { StateReader } from './replay/state-reader.ts';

@Module({
  imports: [ReadModelModule.for(replayReadModel)],
  controllers: [
    ReplayController,
    TimeTravelController,
    WhatIfController,
    MigrateController,
    ForksController,
    RecordConsumer,
  ],
  providers: [
    RecordAnswerer,
    {
      provide: ForkExecution,
      useFactory: (log: EventLog, sender: CommandSender) => new ForkExecution(log, sender),
      inject: [EVENT_LOG, COMMAND_SENDER],
    },
    { provide: PrismaClient, useFactory: createPrisma, inject: [PG_POOL] },
    {
      provide: SessionReads,
      useFactory: (prisma: PrismaClient, log: EventLog) => new SessionReads(prisma, log),
      inject: [PrismaClient, EVENT_LOG],
    },
    {
      provide: Migration,
      useFactory: (log: EventLog, sender: CommandSender) => new Migration(log, sender),
      inject: [EVENT_LOG, COMMAND_SENDER],
    },
    {
      provide: SessionRunner,
      useFactory: (sender: CommandSender, reads: SessionReads, log: EventLog, nc: NatsConnection, logger: Logger) =>
        new SessionRunner(new ReplayCommands(sender), reads, sessionExecutors(log, nc, sender), logger),
      inject: [COMMAND_SENDER, SessionReads, EVENT_LOG, NATS_CONNECTION, LOGGER],
    },
    {
      provide: SnapshotStore,
      useFactory: (prisma: PrismaClient) => new SnapshotStore(prisma),
      inject: [PrismaClient],
    },
    {
      provide: StateReader,
      useFactory: (log: EventLog, store: SnapshotStore, logger: Logger) => new StateReader(log, store, logger),
      inject: [EVENT_LOG, SnapshotStore, LOGGER],
    },
    {
      provide: SnapshotDesk,
      useFactory: (log: EventLog, store: SnapshotStore, states: StateReader) => new SnapshotDesk(log, store, states),
      inject: [EVENT_LOG, SnapshotStore, StateReader],
    },
  ],
})
export class AppModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(SessionRunner) private readonly sessions: SessionRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.sessions.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.sessions.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
