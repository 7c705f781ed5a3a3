import { allRoutes, type Route, type ServiceName, WAIT_MS_MAX } from '@throughline/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FrontConfig } from './config.ts';
import { answerError } from './error-answers.ts';
import { apiPage } from './pages.ts';

/** A start may wait for its commit and then for the end; the service's own bounds come first. */
const ANSWER_TIMEOUT_MS = WAIT_MS_MAX + 30_000;
/** Walks of a whole log: rebuilds, digests, replays, verification. */
const LONG_ANSWER_TIMEOUT_MS = 30 * 60_000;

const answerTimeoutMs = (route: Route): number => {
  switch (route.permission) {
    case 'read-models:admin':
    case 'replay:run':
    case 'audit:read':
      return LONG_ANSWER_TIMEOUT_MS;
    default:
      return ANSWER_TIMEOUT_MS;
  }
};

/** Every route of the contracts to the service that serves it; there is no other way through. */
export const proxyRoutes = (app: FastifyInstance, config: FrontConfig): void => {
  const openStreams = new Set<FastifyReply['raw']>();
  // Streams do not end by themselves, and closing waits for every answer that is under way.
  app.addHook('preClose', async () => {
    for (const stream of openStreams) stream.destroy();
  });
  for (const route of allRoutes) {
    const timeoutMs = answerTimeoutMs(route);
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => {
        if (route.stream) {
          openStreams.add(reply.raw);
          reply.raw.once('close', () => openStreams.delete(reply.raw));
        }
        return forward(request, reply, config, route.service, { timeoutMs });
      },
    });
  }
};

/** What an API page loads; each service serves these files under /docs. */
const PAGE_ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;

/** The API pages of each service. The slash at the end matters: the page names its assets relative to it. */
export const proxyDocs = (app: FastifyInstance, config: FrontConfig, services: readonly ServiceName[]): void => {
  const timeoutMs = ANSWER_TIMEOUT_MS;
  for (const service of services) {
    app.get(`/docs/${service}`, (_, reply) => reply.redirect(`/docs/${service}/`, 302));
    app.get(`/docs/${service}/`, (_, reply) => reply.type('text/html; charset=utf-8').send(apiPage(service)));
    app.get(`/docs/${service}-json`, (request, reply) =>
      forward(request, reply, config, service, { timeoutMs, path: '/docs-json' }),
    );
    for (const asset of PAGE_ASSETS) {
      app.get(`/docs/${service}/${asset}`, (request, reply) =>
        forward(request, reply, config, service, { timeoutMs, path: `/docs/${asset}` }),
      );
    }
  }
};

const forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  config: FrontConfig,
  service: ServiceName,
  options: { timeoutMs: number; path?: string },
): FastifyReply => {
  const path = options.path ?? request.url.split('?', 1)[0] ?? '/';
  return reply.from(`${config.upstreams[service]}${path}`, {
    timeout: options.timeoutMs,
    // The client decides what is safe to repeat, and a 503 is an answer to hand on.
    retryDelay: () => null,
    // Bytes as they came: the service parses them once.
    ...(Buffer.isBuffer(request.body) && request.body.length > 0
      ? { body: request.body, contentType: request.headers['content-type'] ?? 'application/json' }
      : {}),
    rewriteRequestHeaders: (_, headers) => ({ ...headers, 'x-request-id': request.id }),
    onError: (_, { error }) => {
      request.log.warn({ service, err: error }, 'upstream failed');
      if ('statusCode' in error && error.statusCode === 504) {
        answerError(reply, 'TL0009', `${service} gave no answer in ${options.timeoutMs} ms`);
      } else {
        answerError(reply, 'TL0008', `${service} cannot be reached`);
      }
    },
  });
};
