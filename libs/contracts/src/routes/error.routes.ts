import { executionErrorsViewSchema } from '../error-envelope.ts';
import { idParams, route } from './route.ts';

export const errorRoutes = {
  listErrors: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id/errors',
    permission: 'executions:read',
    summary: 'Every error of an execution: for people, for engineers, what to do, and what became of it',
    status: 200,
    params: idParams,
    response: executionErrorsViewSchema,
  }),
} as const;
