import {
  type BeforeApplicationShutdown,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { LOGGER, PG_POOL, ServiceStatus } from '@throughline/service-host';
import type { Logger } from 'pino';
import { TELEMETRY_CONFIG, telemetryConfig, type TelemetryConfig } from './config.ts';
import { LogConsumer } from './consumers/log-consumer.ts';
import { LogsController } from './http/logs.controller.ts';
import { OpenStreams } from './http/open-streams.ts';
import { ProgressController } from './http/progress.controller.ts';
import { ReadModelController } from './http/read-model.controller.ts';
import { startLogWriter } from './log-storage.ts';
import { LogBuffer } from './logs/log-buffer.ts';
import { LogWriter } from './logs/log-writer.ts';
import { createPrisma, PrismaClient } from './read-model/database.ts';
import { LogReads } from './read-model/log-reads.ts';

@Module({
  controllers: [LogConsumer, LogsController, ProgressController, ReadModelController],
  providers: [
    { provide: TELEMETRY_CONFIG, useFactory: () => telemetryConfig() },
    { provide: PrismaClient, useFactory: createPrisma, inject: [PG_POOL] },
    { provide: LogReads, useFactory: (prisma: PrismaClient) => new LogReads(prisma), inject: [PrismaClient] },
    {
      provide: LogBuffer,
      useFactory: ({ logLinesMax }: TelemetryConfig) => new LogBuffer(logLinesMax),
      inject: [TELEMETRY_CONFIG],
    },
    { provide: LogWriter, useFactory: startLogWriter, inject: [LogBuffer, PG_POOL, LOGGER] },
    {
      provide: OpenStreams,
      useFactory: ({ streamsMax }: TelemetryConfig) => new OpenStreams(streamsMax),
      inject: [TELEMETRY_CONFIG],
    },
  ],
})
export class AppModule implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(LogBuffer) private readonly buffer: LogBuffer,
    @Inject(LogWriter) private readonly writer: LogWriter,
    @Inject(OpenStreams) private readonly streams: OpenStreams,
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(ServiceStatus) private readonly status: ServiceStatus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.status.counterOf('log_lines_total', 'Log lines taken in', () => this.buffer.recorded);
    this.status.counterOf('log_lines_dropped_total', 'Log lines dropped', () => this.buffer.dropped);
    this.status.gauge('log_lines_waiting', 'Log lines that are not stored yet', () => this.buffer.size);
    this.status.gauge('event_streams_open', 'Open event streams', () => this.streams.size);
    this.status.counterOf('event_streams_cut_total', 'Streams of readers that were too slow', () => this.streams.cut);
  }

  /** Before the HTTP server closes: it waits for its open responses. */
  beforeApplicationShutdown(): void {
    this.streams.close();
  }

  /** After the consumer has been drained, so that nothing comes in behind the last batch. */
  async onApplicationShutdown(): Promise<void> {
    await this.writer.close();
    this.logger.info({ stored: this.buffer.recorded, dropped: this.buffer.dropped }, 'log lines taken in');
    await this.prisma.$disconnect();
  }
}
