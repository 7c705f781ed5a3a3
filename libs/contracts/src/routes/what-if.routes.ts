import {
  migrateRequestSchema,
  migrationViewSchema,
  whatIfReportSchema,
  whatIfRequestSchema,
} from '../what-if.views.ts';
import { idParams, nameParams, route } from './route.ts';

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
  migrateExecution: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/executions/:id/migrate',
    permission: 'executions:control',
    summary: 'Move a running execution to another version of its workflow that would have decided the same so far',
    status: 200,
    params: idParams,
    body: migrateRequestSchema,
    response: migrationViewSchema,
  }),
} as const;
