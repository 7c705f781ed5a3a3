import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import type { EventLog } from '@throughline/event-log';
import { EVENT_LOG, PG_POOL, ReadModelModule } from '@throughline/service-host';
import type { HandlerSet } from '@throughline/worker-sdk';
import type { Pool } from 'pg';
import type { StepWorkerConfig } from './config.ts';
import { TaskRunner } from './consumers/task-runner.ts';
import { TasksConsumer } from './consumers/tasks.consumer.ts';
import { DeliveriesConsumer } from './deliveries/deliveries.consumer.ts';
import { DeliveryRunner } from './deliveries/delivery-runner.ts';
import { AttemptsController } from './http/attempts.controller.ts';
import { HandlersController } from './http/handlers.controller.ts';
import { TargetsController } from './http/targets.controller.ts';
import type { HttpSteps } from './http-steps/http-invoke.ts';
import { AttemptReads } from './read-model/attempt-reads.ts';
import { attemptsReadModel } from './read-model/attempts-projection.ts';
import { openPrisma, PrismaClient } from './read-model/database.ts';
import type { TargetsOfWorker } from './targets/targets-of-worker.ts';
import { HANDLERS, HTTP_STEPS, STEP_WORKER_CONFIG, TARGETS } from './tokens.ts';

export interface StepWorkerParts {
  readonly config: StepWorkerConfig;
  readonly httpSteps: HttpSteps;
  readonly handlers: HandlerSet;
  readonly targets: TargetsOfWorker;
}

const readProviders: Provider[] = [
  { provide: PrismaClient, useFactory: (pool: Pool) => openPrisma(pool), inject: [PG_POOL] },
  {
    provide: AttemptReads,
    useFactory: (prisma: PrismaClient, log: EventLog) => new AttemptReads(prisma, log),
    inject: [PrismaClient, EVENT_LOG],
  },
];

@Module({})
export class AppModule implements OnApplicationShutdown {
  private readonly prisma: PrismaClient;

  constructor(@Inject(PrismaClient) prisma: PrismaClient) {
    this.prisma = prisma;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }

  static of({ config, httpSteps, handlers, targets }: StepWorkerParts): DynamicModule {
    return {
      module: AppModule,
      imports: [ReadModelModule.for(attemptsReadModel)],
      controllers: [AttemptsController, HandlersController, TargetsController, TasksConsumer, DeliveriesConsumer],
      providers: [
        { provide: STEP_WORKER_CONFIG, useValue: config },
        { provide: HTTP_STEPS, useValue: httpSteps },
        { provide: HANDLERS, useValue: handlers },
        { provide: TARGETS, useValue: targets },
        TaskRunner,
        DeliveryRunner,
        ...readProviders,
      ],
    };
  }
}
