import { z } from 'zod';
import { LOG_DOMAINS, LOG_LEVELS } from '../telemetry.messages.ts';
import { logViewSchema, pageOf, progressEventSchema } from '../views.ts';
import { cursor, idParams, limit, PAGE_MAX, route } from './route.ts';

export const telemetryRoutes = {
  listLogs: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/logs',
    permission: 'telemetry:read',
    summary: 'Log lines of an execution, oldest first',
    status: 200,
    params: idParams,
    query: z.strictObject({
      level: z.enum(LOG_LEVELS).optional(),
      domain: z.enum(LOG_DOMAINS).optional(),
      limit: limit(100),
      cursor,
    }),
    response: pageOf(logViewSchema),
  }),
  streamExecution: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/stream',
    permission: 'telemetry:read',
    summary: 'Live progress as server-sent events; Last-Event-ID resumes from any point',
    status: 200,
    params: idParams,
    response: progressEventSchema,
    stream: true,
  }),
  listEvents: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/events',
    permission: 'telemetry:read',
    summary: 'The same events as a page; `cursor` is the last event id seen',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor }),
    response: pageOf(progressEventSchema),
  }),
} as const;
