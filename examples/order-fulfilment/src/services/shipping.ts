import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { effectService } from './effect-service.ts';

export const shippingService = (): FastifyInstance =>
  effectService('shipping', [
    { path: '/shipments', kind: 'shipment', body: z.object({ country: z.string().length(2), express: z.boolean() }) },
  ]);
