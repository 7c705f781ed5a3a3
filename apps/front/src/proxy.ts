import { allRoutes, POLL_WAIT_MS_MAX, type Route, type ServiceName, WAIT_MS_MAX } from '@throughline/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from './error-answers.ts';
import { apiPage } from './pages.ts';
import type { Instance, Upstreams } from './upstreams.ts';

/** A start may wait for its commit and then for the end, a poll for a task; the service's own bounds come first. */
export const ANSWER_TIMEOUT_MS = Math.max(WAIT_MS_MAX, POLL_WAIT_MS_MAX) + 30_000;
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
export const proxyRoutes = (app: FastifyInstance, upstreams: Upstreams): void => {
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
        return forward(request, reply, upstreams, route.service, { timeoutMs });
      },
    });
  }
};

/** What an API page loads; each service serves these files under /docs. */
const PAGE_ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;

/** The API pages of each service. The slash at the end matters: the page names its assets relative to it. */
export const proxyDocs = (app: FastifyInstance, upstreams: Upstreams, services: readonly ServiceName[]): void => {
  const timeoutMs = ANSWER_TIMEOUT_MS;
  for (const service of services) {
    app.get(`/docs/${service}`, (_, reply) => reply.redirect(`/docs/${service}/`, 302));
    app.get(`/docs/${service}/`, (_, reply) => reply.type('text/html; charset=utf-8').send(apiPage(service)));
    app.get(`/docs/${service}-json`, (request, reply) =>
      forward(request, reply, upstreams, service, { timeoutMs, path: '/docs-json' }),
    );
    for (const asset of PAGE_ASSETS) {
      app.get(`/docs/${service}/${asset}`, (request, reply) =>
        forward(request, reply, upstreams, service, { timeoutMs, path: `/docs/${asset}` }),
      );
    }
  }
};

interface Forwarding {
  readonly timeoutMs: number;
  readonly path?: string;
}

const forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  upstreams: Upstreams,
  service: ServiceName,
  options: Forwarding,
): FastifyReply => forwardTo(request, reply, service, upstreams.inTurn(service), options);

/** To the first of the instances; to the next one where that one certainly, or harmlessly, did nothing. */
const forwardTo = (
  request: FastifyRequest,
  reply: FastifyReply,
  service: ServiceName,
  [instance, ...others]: readonly Instance[],
  options: Forwarding,
): FastifyReply => {
  if (!instance) return answerError(reply, 'TL0008', `${service} cannot be reached`);
  const path = options.path ?? request.url.split('?', 1)[0] ?? '/';
  return reply.from(`${instance.origin}${path}`, {
    timeout: options.timeoutMs,
    // The client decides what is safe to repeat, and a 503 is an answer to hand on.
    retryDelay: () => null,
    // Bytes as they came: the service parses them once.
    ...(Buffer.isBuffer(request.body) && request.body.length > 0
      ? { body: request.body, contentType: request.headers['content-type'] ?? 'application/json' }
      : {}),
    rewriteRequestHeaders: (_, headers) => ({ ...headers, 'x-request-id': request.id }),
    onError: (_, { error }) => {
      request.log.warn({ service, origin: instance.origin, err: error }, 'upstream failed');
      if ('statusCode' in error && error.statusCode === 504 && !neverConnected(error)) {
        answerError(reply, 'TL0009', `${service} gave no answer in ${options.timeoutMs} ms`);
        return;
      }
      instance.state = 'unreachable';
      if (neverConnected(error) || request.method === 'GET') forwardTo(request, reply, service, others, options);
      else answerError(reply, 'TL0008', `${service} cannot be reached`);
    },
  });
};

const NO_CONNECTION: readonly unknown[] = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** No byte of the request was sent, so another instance may have it whatever it asks for. */
const neverConnected = (error: Error): boolean => {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && NO_CONNECTION.includes(cause.code);
};
