import { Controller, type DynamicModule, Inject, type OnModuleDestroy, type Type } from '@nestjs/common';
import {
  type DriftReport,
  readModelRoutesByService,
  type ReadModelDigest,
  type RebuildReport,
  type ServiceName,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type LeasedParts, type NatsConnection, shareParts } from '@throughline/event-log/jetstream';
import {
  checkDrift,
  digestReadModel,
  type ProjectionOptions,
  type ProjectionStatus,
  type ReadModel,
  rebuildReadModel,
  type RunningProjection,
  startProjection,
} from '@throughline/projections';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Caller } from './caller.ts';
import { Body, type BodyOf, CallerOf, Handle, Query, type QueryOf } from './handle.ts';
import { refuseWith } from './refused.ts';
import { type Check, ServiceStatus } from './service-status.ts';
import type { HostConfig } from './host-config.ts';
import { EVENT_LOG, HOST_CONFIG, LOGGER, NATS_CONNECTION, PG_POOL, PROJECTION, READ_MODEL } from './tokens.ts';
import { traceBatch } from './tracing.ts';

/** A short outage of the database is no reason to take the service out of traffic. */
const FAILURES_TOLERATED = 5;

const projectionCheck = ({ state, seq, lag }: ProjectionStatus): Check => {
  const ok = state.kind === 'running' || (state.kind === 'backing-off' && state.failures < FAILURES_TOLERATED);
  return { ok, detail: { ...state, projectedSeq: seq, lag } };
};

const observe = (status: ServiceStatus, projection: RunningProjection): void => {
  status.addCheck('projection', () => projectionCheck(projection.status()));
  status.gauge('projection_lag', 'Log records that are not projected yet', () => projection.status().lag);
  status.gauge('projection_seq', 'Log sequence up to which rows are committed', () => projection.status().seq);
  status.counterOf('projection_batches_total', 'Batches committed', () => projection.status().batches);
  status.counterOf('projection_records_total', 'Log records projected', () => projection.status().records);
  status.counterOf('projection_failures_total', 'Restarts from the checkpoint', () => projection.status().failures);
};

/** Of several processes of a service one projects: two would only undo each other's work, batch by batch. */
class ProjectionTurn {
  isOurs = false;
  #shared: LeasedParts | undefined;

  async begin(nc: NatsConnection, schema: string, instance: string, logger: Logger): Promise<void> {
    const hand = (isOurs: boolean) => (): void => {
      this.isOurs = isOurs;
    };
    this.#shared = await shareParts(nc, {
      group: `projection-${schema}`,
      instance,
      count: () => 1,
      onTaken: hand(true),
      onGiveUp: hand(false),
      onLost: hand(false),
      onProblem: (problem) => logger.warn({ problem }, 'the lease of the projection cannot be kept'),
    });
  }

  async end(): Promise<void> {
    await this.#shared?.stop();
  }
}

/** Starts the projection as soon as Nest makes it; stops it before anything that it needs is closed. */
class ProjectionLifecycle implements OnModuleDestroy {
  readonly #projection: RunningProjection;
  readonly #turn: ProjectionTurn;
  constructor(projection: RunningProjection, turn: ProjectionTurn) {
    this.#projection = projection;
    this.#turn = turn;
  }
  async onModuleDestroy(): Promise<void> {
    await this.#projection.stop();
    await this.#turn.end();
  }
}

const readModelController = (service: ServiceName): Type => {
  const routes = readModelRoutesByService[service];

  @Controller()
  class ReadModelController {
    readonly #pool: Pool;
    readonly #nc: NatsConnection;
    readonly #log: EventLog;
    readonly #readModel: ReadModel;

    constructor(
      @Inject(PG_POOL) pool: Pool,
      @Inject(NATS_CONNECTION) nc: NatsConnection,
      @Inject(EVENT_LOG) log: EventLog,
      @Inject(READ_MODEL) readModel: ReadModel,
    ) {
      this.#pool = pool;
      this.#nc = nc;
      this.#log = log;
      this.#readModel = readModel;
    }

    @Handle(routes.rebuild)
    async rebuild(@Body() body: BodyOf<typeof routes.rebuild>): Promise<RebuildReport> {
      const rebuilt = await rebuildReadModel({
        pool: this.#pool,
        nc: this.#nc,
        log: this.#log,
        readModel: this.#readModel,
        batchSize: body.batchSize,
      });
      return rebuilt.kind === 'rebuilt' ? rebuilt.report : refuseWith(rebuilt.refusal);
    }

    @Handle(routes.digest)
    digest(): Promise<ReadModelDigest> {
      return digestReadModel(this.#pool, this.#readModel);
    }

    @Handle(routes.drift)
    async drift(@CallerOf() { tenant }: Caller, @Query() query: QueryOf<typeof routes.drift>): Promise<DriftReport> {
      const { seconds, commits, cursor } = query;
      const checked = await checkDrift({
        pool: this.#pool,
        nc: this.#nc,
        log: this.#log,
        readModel: this.#readModel,
        budget: { ms: seconds * 1_000, ...(commits === undefined ? {} : { commits }) },
        ...(cursor === undefined ? {} : { cursor }),
      });
      return checked.kind === 'checked' ? shownTo(tenant, checked.report) : refuseWith(checked.refusal);
    }
  }
  return ReadModelController;
};

/** Whose row it is says the key; what another tenant has in it is nobody else's to see. */
const shownTo = (tenant: string, report: DriftReport): DriftReport => ({
  ...report,
  drift: report.drift.map((one) => {
    if (one.key['tenant'] === undefined || one.key['tenant'] === tenant) return one;
    const { stored: _stored, folded: _folded, ...place } = one;
    return { ...place, key: { tenant: '(another)' } };
  }),
});

/**
 * Runs the service's projection from boot to shutdown, shows it in health and metrics, and serves the rebuild and
 * digest routes. Provides `PROJECTION`.
 */
export class ReadModelModule {
  static for(readModel: ReadModel, options: Pick<ProjectionOptions, 'batchSize' | 'decode'> = {}): DynamicModule {
    const turn = new ProjectionTurn();
    const start = async (
      pool: Pool,
      nc: NatsConnection,
      log: EventLog,
      logger: Logger,
      status: ServiceStatus,
      host: HostConfig,
    ): Promise<RunningProjection> => {
      await turn.begin(nc, readModel.schema, host.instance, logger);
      const projection = startProjection({
        pool,
        nc,
        projection: readModel.createProjection(log),
        schema: readModel.schema,
        ...options,
        aroundBatch: traceBatch(readModel.schema),
        log: logger,
        turn,
      });
      observe(status, projection);
      status.gauge('projection_active', '1 where this process projects', () => (turn.isOurs ? 1 : 0));
      return projection;
    };
    return {
      module: ReadModelModule,
      global: true,
      controllers: [readModelController(readModel.service)],
      providers: [
        { provide: READ_MODEL, useValue: readModel },
        {
          provide: PROJECTION,
          useFactory: start,
          inject: [PG_POOL, NATS_CONNECTION, EVENT_LOG, LOGGER, ServiceStatus, HOST_CONFIG],
        },
        {
          provide: ProjectionLifecycle,
          useFactory: (projection: RunningProjection) => new ProjectionLifecycle(projection, turn),
          inject: [PROJECTION],
        },
      ],
      exports: [PROJECTION],
    };
  }
}
