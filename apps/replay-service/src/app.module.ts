import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { COMMAND_SENDER, EVENT_LOG, PG_POOL, ReadModelModule } from '@throughline/service-host';
import { ReplayController } from './http/replay.controller.ts';
import { WhatIfController } from './http/what-if.controller.ts';
import { createPrisma, PrismaClient } from './read-model/database.ts';
import { replayReadModel } from './read-model/replay-projection.ts';
import { SessionReads } from './read-model/session-reads.ts';
import { ReplayRecorder } from './replay/replay-recorder.ts';

@Module({
  imports: [ReadModelModule.for(replayReadModel)],
  controllers: [ReplayController, WhatIfController],
  providers: [
    { provide: PrismaClient, useFactory: createPrisma, inject: [PG_POOL] },
    {
      provide: SessionReads,
      useFactory: (prisma: PrismaClient, log: EventLog) => new SessionReads(prisma, log),
      inject: [PrismaClient, EVENT_LOG],
    },
    {
      provide: ReplayRecorder,
      useFactory: (sender: CommandSender) => new ReplayRecorder(sender),
      inject: [COMMAND_SENDER],
    },
  ],
})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(PrismaClient) private readonly prisma: PrismaClient) {}

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
