import type { Socket } from 'node:net';
import { answerToUnreadable, SERVICES } from '@throughline/contracts';
import replyFrom from '@fastify/reply-from';
import Fastify, { type FastifyError, type FastifyInstance, LogController } from 'fastify';
import type { FrontConfig } from './config.ts';
import { answerError } from './error-answers.ts';
import { indexPage } from './pages.ts';
import { mergedOpenApi } from './openapi-merge.ts';
import { proxyDocs, proxyRoutes } from './proxy.ts';
import { healthOfUpstreams } from './upstream-health.ts';
import { Upstreams } from './upstreams.ts';

/** As the services have it: a definition may have 1 MB, the rest is for the JSON around it. */
export const BODY_BYTES_MAX = 1.5 * 1024 * 1024;
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Per instance of a service. A stream holds one as long as it is watched. */
const UPSTREAM_CONNECTIONS_MAX = 2_048;
const CONNECT_TIMEOUT_MS = 3_000;
/** A rebuild answers when it is through; as long as the client library waits for one. */
const ANSWER_TIMEOUT_MS = 30 * 60_000;
/** An asset's name of 256 characters, each escaped as UTF-8. */
const PARAM_CHARACTERS_MAX = 3_072;

export const createFront = async (config: FrontConfig): Promise<FastifyInstance> => {
  const app = Fastify({
    logger: { level: config.logLevel },
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    },
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    clientErrorHandler: answerUnreadable,
    // What the router cannot read: it answers by itself, past the error handler below.
    frameworkErrors: (error, _, reply) => void answerError(reply, 'TL0006', error.message),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.setNotFoundHandler((request, reply) => answerError(reply, 'TL0004', `no route ${request.method} ${request.url}`));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.statusCode === 413) return answerError(reply, 'TL0005', `bodies may hold ${BODY_BYTES_MAX} bytes`);
    if (error.statusCode !== undefined && error.statusCode < 500) return answerError(reply, 'TL0001', error.message);
    request.log.error({ err: error }, 'request failed');
    return answerError(reply, 'TL0007', 'the request could not be handled; the log of front has the request id');
  });
  await app.register(replyFrom, {
    undici: {
      connections: UPSTREAM_CONNECTIONS_MAX,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: ANSWER_TIMEOUT_MS,
    },
    destroyAgent: true,
    disableRequestLogging: true,
  });
  const upstreams = new Upstreams(config.upstreams);
  upstreams.watch();
  app.addHook('onClose', async () => upstreams.stop());
  proxyRoutes(app, upstreams);
  proxyDocs(app, upstreams, SERVICES);
  ownPages(app, upstreams);
  closeUnusedConnections(app);
  return app;
};

/** Where there is no request yet, only a socket. */
const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(answerToUnreadable(error.code));
  else socket.destroy(error);
};

/** Connections opened ahead and never used are not idle to Node: they would hold the close up until they time out. */
const closeUnusedConnections = (app: FastifyInstance): void => {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
};

const ownPages = (app: FastifyInstance, upstreams: Upstreams): void => {
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', async (_, reply) => {
    const health = await healthOfUpstreams(upstreams);
    const ready = health.every(({ status }) => status === 'ready');
    const services = Object.fromEntries(health.map(({ service, status, detail }) => [service, { status, detail }]));
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'error', services });
  });
  app.get('/', async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(indexPage(await healthOfUpstreams(upstreams))),
  );
  app.get('/docs-json', async (request, reply) => {
    try {
      return await mergedOpenApi(upstreams);
    } catch (error) {
      request.log.warn({ err: error }, 'no merged OpenAPI');
      return answerError(reply, 'TL0008', 'the OpenAPI document of a service cannot be read');
    }
  });
};
