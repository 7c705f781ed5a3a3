import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import type { ServiceName } from '@throughline/contracts';
import { openApiOf } from './openapi.ts';

/** The files of Swagger UI that its page needs; nothing else of the package is served. */
const UI_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'application/javascript',
};
const CACHE = 'public, max-age=3600';

const page = (title: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: '/docs-json', dom_id: '#ui', deepLinking: true, persistAuthorization: true });</script>
</body>
</html>
`;

/**
 * /docs and /docs-json. The UI's files are those that @nestjs/swagger brings; its own `SwaggerModule.setup` ends the
 * process where @fastify/static cannot be imported, which is the case under a test runner.
 */
export const serveApiDocs = (fastify: FastifyInstance, service: ServiceName): void => {
  const document = openApiOf(service);
  const { resolve } = createRequire(import.meta.url);
  fastify.get('/docs-json', async () => document);
  fastify.get('/docs', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(document.info.title)),
  );
  for (const [name, type] of Object.entries(UI_FILES)) {
    fastify.get(`/docs/${name}`, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', CACHE)
        .send(await readFile(resolve(`swagger-ui-dist/${name}`))),
    );
  }
};
