import { z } from 'zod';
import { deliveryIdSchema } from '../delivery.messages.ts';
import { deliveryViewSchema } from '../delivery.views.ts';
import { idParams, route } from './route.ts';

export const deliveryRoutes = {
  getDelivery: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id/delivery',
    permission: 'executions:read',
    summary: 'Where the result of an execution went: targets, attempts, what the receivers said',
    status: 200,
    params: idParams,
    response: deliveryViewSchema,
  }),
  retryDelivery: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/executions/:id/delivery/retry',
    permission: 'executions:control',
    summary: 'Deliver a result again: the delivery named, or all that have failed',
    status: 200,
    params: idParams,
    body: z.strictObject({ delivery: deliveryIdSchema.optional() }),
    response: deliveryViewSchema,
  }),
} as const;
