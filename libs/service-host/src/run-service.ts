import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { answerToUnreadable, ERROR_CODES } from '@throughline/contracts';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { ApiKeyGuard } from './api-key-guard.ts';
import { checkDeclaredRoutes } from './declared-routes.ts';
import { errorBody, ErrorFilter } from './error-filter.ts';
import type { HostConfig } from './host-config.ts';
import { HostModule, type Foundation, layFoundation } from './host-module.ts';
import type { HostReply, HostRequest } from './http-request.ts';
import { serveOperations } from './operational-routes.ts';
import { traceRequests } from './request-tracing.ts';
import { readYamlBodies } from './yaml-bodies.ts';
import { createLogger, nestLogger } from './service-logger.ts';
import { type Counter, ServiceStatus } from './service-status.ts';
import { startedTracing } from './started-tracing.ts';

export interface ServiceOptions {
  readonly config: HostConfig;
  /** The service's root module. The host's tokens (`tokens.ts`) and `ServiceStatus` can be injected everywhere. */
  readonly module: NonNullable<DynamicModule['imports']>[number];
  /** Work queues that Nest handlers read from. */
  readonly strategies?: (app: INestApplication) => readonly CustomTransportStrategy[];
}

/** A definition may have 1 MB; the rest is for the JSON around it. State data has its own, lower bound. */
const BODY_BYTES_MAX = 1.5 * 1024 * 1024;
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Connections that are still busy this long after the end began, e.g. streams, are cut off. */
const CONNECTIONS_GRACE_MS = 3_000;
const SHUTDOWN_TIMEOUT_MS = 20_000;
const SPANS_FLUSH_TIMEOUT_MS = 2_000;

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();

const countResponses = (fastify: FastifyInstance, status: ServiceStatus): void => {
  const help = 'HTTP responses by class of status';
  const byClass = new Map<string, Counter>(
    ['2xx', '3xx', '4xx', '5xx'].map((name) => [name, status.counter('http_responses_total', help, { class: name })]),
  );
  fastify.addHook('onResponse', (_request, reply, done) => {
    byClass.get(`${Math.floor(reply.statusCode / 100)}xx`)?.add();
    done();
  });
};

const addRequestHooks = (fastify: FastifyInstance, status: ServiceStatus): void => {
  fastify.addHook('onRequest', (request: HostRequest, reply, done) => {
    void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    done();
  });
  countResponses(fastify, status);
  traceRequests(fastify);
};

/** Past Fastify, Nest and their hooks: where there is no request, only a socket. */
const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(answerToUnreadable(error.code));
  else socket.destroy(error);
};

/** An asset's name of 256 characters, percent-encoded. */
const PARAM_CHARACTERS_MAX = 3_072;

const buildApplication = async (foundation: Foundation, options: ServiceOptions): Promise<NestFastifyApplication> => {
  const { config, logger, keys, status } = foundation;
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerUnreadable,
    // Paths that the router cannot read never reach Nest, nor its filter.
    frameworkErrors: (error: Error, { id }: { id: string }, reply: HostReply) =>
      void reply.status(ERROR_CODES.TL0006.status).send(errorBody('TL0006', error.message, undefined, id)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(HostModule.of(foundation, options.module), adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  checkDeclaredRoutes(app, config.service);
  app.useGlobalGuards(new ApiKeyGuard(keys));
  app.useGlobalFilters(new ErrorFilter(logger));
  // The adapter types its instance by its own Fastify generics; these are the defaults.
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  addRequestHooks(fastify, status);
  readYamlBodies(fastify);
  serveOperations(fastify, config.service, status);
  for (const strategy of options.strategies?.(app) ?? []) {
    // With the application's own filter: Nest's would replace the reason that a dead letter must name.
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  }
  return app;
};

const create = async (options: ServiceOptions, logger: Logger): Promise<NestFastifyApplication> => {
  const foundation = await layFoundation(options.config, logger);
  try {
    return await buildApplication(foundation, options);
  } catch (error) {
    await foundation.close();
    throw error;
  }
};

/** Everything wired and connected, nothing listening yet: `startAllMicroservices` and `listen` are the caller's. */
export const createService = (options: ServiceOptions): Promise<NestFastifyApplication> =>
  create(options, createLogger(options.config));

/** Spans are worth a moment, not the exit code: the collector may be gone. */
const flushSpans = async (logger: Logger): Promise<void> => {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error('the collector does not answer')), SPANS_FLUSH_TIMEOUT_MS).unref(),
  );
  try {
    await Promise.race([startedTracing()?.shutdown(), late]);
  } catch (error) {
    logger.warn({ err: error }, 'the last spans could not be exported');
  }
};

const stopOnSignals = (app: NestFastifyApplication, { noticeMs }: HostConfig, logger: Logger): void => {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    app.get(ServiceStatus).beginEnding();
    await sleep(noticeMs);
    // Neither a stuck handler nor an open stream may keep the process: what is unfinished comes back by redelivery.
    setTimeout(() => app.getHttpServer().closeAllConnections(), CONNECTIONS_GRACE_MS).unref();
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    try {
      await app.close();
      await flushSpans(logger);
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'could not stop cleanly');
      process.exit(1);
    }
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
};

/**
 * Boots, listens, and stops on SIGTERM or SIGINT: takes no more, finishes what is in hand, flushes. Exits 1 with one
 * clear line where boot fails.
 */
export const runService = async (options: ServiceOptions): Promise<NestFastifyApplication> => {
  const { config } = options;
  const logger = createLogger(config);
  try {
    const app = await create(options, logger);
    stopOnSignals(app, config, logger);
    await app.startAllMicroservices();
    await app.listen(config.port, config.host);
    logger.info({ url: await app.getUrl() }, `${config.service} is up`);
    return app;
  } catch (error) {
    logger.fatal(
      { err: error },
      `${config.service} could not start: ${error instanceof Error ? error.message : String(error)}`,
    );
    return process.exit(1);
  }
};
