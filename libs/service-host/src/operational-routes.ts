import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { ServiceName } from '@throughline/contracts';
import { openApiOf } from './openapi.ts';
import type { ServiceStatus } from './service-status.ts';

/**
 * Health, metrics and API docs. Set on Fastify itself, because they are for whoever can reach the port and have no
 * permission, and the guard shall have no exceptions.
 */
export const serveOperations = (app: NestFastifyApplication, service: ServiceName, status: ServiceStatus): void => {
  // The adapter types its instance by its own Fastify generics; these are the defaults.
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.get('/health/live', async () => ({ status: 'ok', service }));
  fastify.get('/health/ready', async (_request, reply) => {
    const { ready, checks } = await status.readiness();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'failing', service, checks });
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(status.metricsText()),
  );
  SwaggerModule.setup('docs', app, openApiOf(service), { jsonDocumentUrl: 'docs-json' });
};
