import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { EventLog } from '@throughline/event-log';
import {
  checkServer,
  type CommandSender,
  connectNats,
  createCommandSender,
  ensureStreams,
  JetStreamEventLog,
  type NatsConnection,
} from '@throughline/event-log/jetstream';
import { createPool } from '@throughline/projections';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type ApiKeys, readApiKeys } from './api-keys.ts';
import type { HostConfig } from './host-config.ts';
import { ServiceStatus } from './service-status.ts';
import { COMMAND_SENDER, EVENT_LOG, HOST_CONFIG, LOGGER, NATS_CONNECTION, PG_POOL } from './tokens.ts';

const FOUNDATION = Symbol('Foundation');
const CLOSE_TIMEOUT_MS = 5_000;

/** What a service stands on, connected and checked before Nest makes anything that uses it. */
export interface Foundation {
  readonly config: HostConfig;
  readonly logger: Logger;
  readonly keys: ApiKeys;
  readonly nc: NatsConnection;
  readonly log: EventLog;
  readonly commands: CommandSender;
  readonly pool: Pool;
  readonly status: ServiceStatus;
  close(): Promise<void>;
}

const openLog = async (config: HostConfig): Promise<NatsConnection> => {
  const nc = await connectNats({ url: config.natsUrl, name: config.service });
  try {
    const monitorUrl = config.natsMonitorUrl;
    const server = await checkServer(nc, monitorUrl === undefined ? {} : { monitorUrl, requireSyncAlways: true });
    if (server.kind === 'unfit') throw new Error(`${server.code}: ${server.problem}`);
    const streams = await ensureStreams(nc, { replicas: config.replicas });
    if (streams.kind === 'unfit') throw new Error(`${streams.code}: ${streams.problem}`);
    return nc;
  } catch (error) {
    await nc.close();
    throw error;
  }
};

const observe = (status: ServiceStatus, nc: NatsConnection, pool: Pool): void => {
  status.addCheck('nats', async () => {
    if (nc.isClosed()) return { ok: false, detail: 'the connection is closed' };
    await nc.flush();
    return { ok: true };
  });
  status.addCheck('postgres', async () => {
    await pool.query('SELECT 1');
    return { ok: true };
  });
  status.gauge('postgres_connections', 'Open connections to Postgres', () => pool.totalCount);
  status.gauge('resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss());
  status.counterOf('cpu_microseconds_total', 'CPU time of the process, user and system', () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  });
};

export const layFoundation = async (config: HostConfig, logger: Logger): Promise<Foundation> => {
  const keys = await readApiKeys(config.apiKeysFile);
  const nc = await openLog(config);
  const log = new JetStreamEventLog(nc);
  const pool = createPool({
    databaseUrl: config.databaseUrl,
    name: config.service,
    onIdleError: (error) => logger.warn({ err: error }, 'an idle Postgres connection was lost'),
  });
  const commands = createCommandSender(nc);
  const status = new ServiceStatus();
  observe(status, nc, pool);
  const close = async (): Promise<void> => {
    commands.close();
    log.close();
    // A query that hangs must not keep the process from ending.
    await Promise.race([pool.end(), new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())]);
    if (!nc.isClosed())
      await Promise.race([nc.drain(), new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())]);
  };
  return { config, logger, keys, nc, log, commands, pool, status, close };
};

/** Hands the foundation to every module of the service, and takes it away last. */
@Module({})
export class HostModule implements OnApplicationShutdown {
  readonly #foundation: Foundation;
  constructor(@Inject(FOUNDATION) foundation: Foundation) {
    this.#foundation = foundation;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#foundation.close();
  }

  static of(foundation: Foundation, service: NonNullable<DynamicModule['imports']>[number]): DynamicModule {
    const { config, logger, nc, log, commands, pool, status } = foundation;
    const provided = [
      { provide: HOST_CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: NATS_CONNECTION, useValue: nc },
      { provide: EVENT_LOG, useValue: log },
      { provide: COMMAND_SENDER, useValue: commands },
      { provide: PG_POOL, useValue: pool },
      { provide: ServiceStatus, useValue: status },
    ];
    return {
      module: HostModule,
      global: true,
      imports: [service],
      providers: [{ provide: FOUNDATION, useValue: foundation }, ...provided],
      exports: provided.map(({ provide }) => provide),
    };
  }
}
