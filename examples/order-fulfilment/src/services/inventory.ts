import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { effectService } from './effect-service.ts';

const item = z.object({ sku: z.string().min(1), quantity: z.int().positive() });

export const inventoryService = (): FastifyInstance =>
  effectService('inventory', [
    { path: '/reservations', kind: 'reservation', body: z.object({ items: z.array(item).min(1) }) },
    { path: '/releases', kind: 'release', body: z.object({ reservationId: z.string().min(1) }) },
  ]);
