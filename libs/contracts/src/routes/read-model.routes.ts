import { z } from 'zod';
import { driftReportSchema, rebuildReportSchema } from '../read-models.views.ts';
import { readModelDigestSchema } from '../views.ts';
import { type Route, type ServiceName } from './route.ts';

const DRIFT_SECONDS = 20;
const DRIFT_SECONDS_MAX = 300;

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
      response: rebuildReportSchema,
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
    drift: {
      service,
      method: 'GET',
      path: `/api/v1/read-models/${service}/drift`,
      permission: 'read-models:admin',
      summary: `Fold the log again, within a budget, and name where a row of ${service} says something else`,
      status: 200,
      query: z.strictObject({
        /** Longest time for folding; comparing comes on top. */
        seconds: z.coerce.number().int().min(1).max(DRIFT_SECONDS_MAX).default(DRIFT_SECONDS),
        commits: z.coerce.number().int().min(1).optional(),
        cursor: z
          .string()
          .regex(/^\d{1,15}$/)
          .optional(),
      }),
      response: driftReportSchema,
    },
  }) as const satisfies Record<string, Route>;

export const readModelRoutesByService = {
  orchestrator: readModelRoutes('orchestrator'),
  'step-worker': readModelRoutes('step-worker'),
  'replay-service': readModelRoutes('replay-service'),
  'audit-service': readModelRoutes('audit-service'),
  'telemetry-ingestor': readModelRoutes('telemetry-ingestor'),
} as const;
