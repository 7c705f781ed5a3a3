import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { effectService } from './effect-service.ts';

export const paymentService = (): FastifyInstance =>
  effectService('payment', [
    { path: '/charges', kind: 'charge', body: z.object({ card: z.string().min(1), amountCents: z.int().positive() }) },
    { path: '/refunds', kind: 'refund', body: z.object({ chargeId: z.string().min(1) }) },
  ]);
