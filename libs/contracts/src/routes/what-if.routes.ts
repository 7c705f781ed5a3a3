import { whatIfReportSchema, whatIfRequestSchema } from '../what-if.views.ts';
import { nameParams, route } from './route.ts';

export const whatIfRoutes = {
  whatIf: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/workflows/:name/what-if',
    permission: 'replay:run',
    summary: 'What another definition would have made of the last executions: nothing is called, nothing is written',
    status: 200,
    params: nameParams,
    body: whatIfRequestSchema,
    response: whatIfReportSchema,
  }),
} as const;
