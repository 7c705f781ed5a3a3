import { z } from 'zod';
import { readModelDigestSchema } from '../views.ts';
import { type Route, type ServiceName } from './route.ts';

const readModelRoutes = <const S extends ServiceName>(service: S) =>
  ({
    rebuild: {
      service,
      method: 'POST',
      path: `/api/v1/read-models/${service}/rebuild`,
      permission: 'read-models:admin',
      summary: `Rebuild the read model of ${service} from the log beside the serving one, then swap`,
      status: 200,
      body: z.strictObject({ batchSize: z.int().min(1).max(5_000).optional() }),
      response: readModelDigestSchema,
    },
    digest: {
      service,
      method: 'GET',
      path: `/api/v1/read-models/${service}/digest`,
      permission: 'read-models:admin',
      summary: `Digest of every table and column of ${service}`,
      status: 200,
      response: readModelDigestSchema,
    },
  }) as const satisfies Record<string, Route>;

export const readModelRoutesByService = {
  orchestrator: readModelRoutes('orchestrator'),
  'step-worker': readModelRoutes('step-worker'),
  'replay-service': readModelRoutes('replay-service'),
  'audit-service': readModelRoutes('audit-service'),
  'telemetry-ingestor': readModelRoutes('telemetry-ingestor'),
} as const;
