import { dryRunReportSchema, dryRunRequestSchema } from '../dry-run.views.ts';
import { nameParams, route } from './route.ts';

export const dryRunRoutes = {
  dryRun: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/workflows/:name/dry-run',
    permission: 'executions:start',
    summary: 'Walk a machine with given or recorded answers: nothing is called, nothing is written',
    status: 200,
    params: nameParams,
    body: dryRunRequestSchema,
    response: dryRunReportSchema,
  }),
} as const;
