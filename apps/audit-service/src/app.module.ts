import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { EventLog } from '@throughline/event-log';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { RunningProjection } from '@throughline/projections';
import { EVENT_LOG, Moments, NATS_CONNECTION, PG_POOL, PROJECTION, ReadModelModule } from '@throughline/service-host';
import { AuditController } from './http/audit.controller.ts';
import { ExecutionStarts } from './http/execution-starts.ts';
import { HistoryController } from './http/history.controller.ts';
import { LineageController } from './http/lineage.controller.ts';
import { auditReadModel } from './read-model/audit-projection.ts';
import { createPrisma, PrismaClient } from './read-model/database.ts';
import { GraphReads } from './read-model/graph-reads.ts';
import { LedgerReads } from './read-model/ledger-reads.ts';

@Module({
  imports: [ReadModelModule.for(auditReadModel)],
  controllers: [AuditController, HistoryController, LineageController],
  providers: [
    { provide: PrismaClient, useFactory: createPrisma, inject: [PG_POOL] },
    { provide: LedgerReads, useFactory: (prisma: PrismaClient) => new LedgerReads(prisma), inject: [PrismaClient] },
    { provide: GraphReads, useFactory: (prisma: PrismaClient) => new GraphReads(prisma), inject: [PrismaClient] },
    {
      provide: ExecutionStarts,
      useFactory: (log: EventLog, projection: RunningProjection) => new ExecutionStarts(log, projection),
      inject: [EVENT_LOG, PROJECTION],
    },
    {
      provide: Moments,
      useFactory: (nc: NatsConnection, projection: RunningProjection) => new Moments(nc, projection),
      inject: [NATS_CONNECTION, PROJECTION],
    },
  ],
})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(PrismaClient) private readonly prisma: PrismaClient) {}

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
