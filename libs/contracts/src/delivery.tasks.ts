import { z } from 'zod';
import { deliveredResultSchema, deliveryIdSchema, deliveryTargetSchema } from './delivery.messages.ts';
import {
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  type Queue,
  sha256Schema,
  tenantSchema,
  traceparentSchema,
} from './ids.ts';

/** Read by the step worker alone; what a Task state puts there is no delivery, and dead-lettered. */
export const DELIVERY_QUEUE = 'tl-delivery' as Queue; // a subject token

/** One attempt at a delivery for the step worker. At least once, as every task. */
export const deliveryTaskSchema = z.strictObject({
  v: z.literal(1),
  tenant: tenantSchema,
  executionId: executionIdSchema,
  delivery: deliveryIdSchema,
  attempt: z.int().positive(),
  /** Whether a failure of this attempt is the last word. */
  lastAttempt: z.boolean(),
  target: deliveryTargetSchema,
  result: deliveredResultSchema,
  idempotencyKey: sha256Schema,
  scheduledAt: instantSchema,
  correlationId: correlationIdSchema,
  traceparent: traceparentSchema.optional(),
});
export type DeliveryTask = z.infer<typeof deliveryTaskSchema>;
