import { z } from 'zod';
import { deliveryRequestSchema } from '../delivery.messages.ts';
import { jsonSchema } from '../json.ts';
import { preflightViewSchema } from '../preflight.views.ts';
import { idParams, nameParams, route } from './route.ts';

export const preflightRoutes = {
  preflightWorkflow: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/workflows/:name/preflight',
    permission: 'executions:start',
    summary: 'What a start with this input would meet: nothing is started',
    status: 200,
    params: nameParams,
    body: z.strictObject({
      input: jsonSchema.optional(),
      version: z.int().positive().optional(),
      delivery: deliveryRequestSchema.optional(),
    }),
    response: preflightViewSchema,
  }),
  preflightExecution: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id/preflight',
    permission: 'executions:read',
    summary: 'What the execution would meet if it were started now, and what its start was found to be',
    status: 200,
    params: idParams,
    response: preflightViewSchema,
  }),
} as const;
