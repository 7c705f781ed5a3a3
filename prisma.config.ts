import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'prisma/config';

/**
 * One configuration for five schemas: THROUGHLINE_SERVICE says whose. Each service keeps its tables and its migration
 * history in a Postgres schema of its own name.
 */
const service = process.env['THROUGHLINE_SERVICE'] ?? 'orchestrator';

function datasourceUrl(): string | undefined {
  const text = process.env['DATABASE_URL'];
  if (text === undefined) return undefined; // `generate` needs none
  const url = new URL(text);
  url.searchParams.set('schema', service.replaceAll('-', '_'));
  return url.href;
}

/** Prisma fetches its native schema engine while it is installed; without it the same engine's WebAssembly build serves. */
function useSchemaEngine(): void {
  const engines = join(import.meta.dirname, 'node_modules', '@prisma', 'engines');
  const hasNative = existsSync(engines) && readdirSync(engines).some((name) => name.startsWith('schema-engine-'));
  if (hasNative) return;
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= join(import.meta.dirname, 'tools', 'prisma-schema-engine-wasm.mjs');
}

useSchemaEngine();
const url = datasourceUrl();

export default defineConfig({
  schema: join('prisma', service, 'schema.prisma'),
  migrations: { path: join('prisma', service, 'migrations') },
  ...(url === undefined ? {} : { datasource: { url } }),
});
