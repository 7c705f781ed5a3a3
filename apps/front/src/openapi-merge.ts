import { SERVICES } from '@throughline/contracts';
import { z } from 'zod';
import type { Upstreams } from './upstreams.ts';

const documentSchema = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ version: z.string() }),
  paths: z.record(z.string(), z.unknown()),
  components: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

const FETCH_TIMEOUT_MS = 5_000;

/** One document for the one address. Services never share a path: a spec of the contracts holds that. */
export const mergedOpenApi = async (upstreams: Upstreams): Promise<object> => {
  const documents = await Promise.all(
    SERVICES.map(async (service) => {
      const [instance] = upstreams.inTurn(service);
      const url = `${instance?.origin}/docs-json`;
      const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      return documentSchema.parse(await response.json());
    }),
  );
  const components: Record<string, Record<string, unknown>> = {};
  for (const document of documents) {
    for (const [kind, named] of Object.entries(document.components ?? {})) {
      components[kind] = { ...components[kind], ...named };
    }
  }
  return {
    openapi: documents[0]?.openapi,
    info: { title: 'Throughline', version: documents[0]?.info.version },
    paths: Object.assign({}, ...documents.map((document) => document.paths)),
    components,
    security: documents[0]?.['security'],
  };
};
