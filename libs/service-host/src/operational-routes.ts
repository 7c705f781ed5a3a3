import type { ServiceName } from '@throughline/contracts';
import type { FastifyInstance } from 'fastify';
import { serveApiDocs } from './api-docs.ts';
import type { ServiceStatus } from './service-status.ts';

/**
 * Health, metrics and API docs. Set on Fastify itself, because they are for whoever can reach the port and have no
 * permission, and the guard shall have no exceptions.
 */
export const serveOperations = (fastify: FastifyInstance, service: ServiceName, status: ServiceStatus): void => {
  fastify.get('/health/live', async () => ({ status: 'ok', service }));
  fastify.get('/health/ready', async (_request, reply) => {
    const { ready, checks } = await status.readiness();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'failing', service, checks });
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(status.metricsText()),
  );
  serveApiDocs(fastify, service);
};
