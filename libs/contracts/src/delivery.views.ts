import { z } from 'zod';
import { DELIVERY_STATES, deliveryIdSchema, deliveryTargetSchema } from './delivery.messages.ts';
import { executionIdSchema, instantSchema, sha256Schema } from './ids.ts';

/** Where the result of an execution went, target by target. */
export const deliveryViewSchema = z.strictObject({
  executionId: executionIdSchema,
  /** Of all targets together; null before the end, and where nothing is to be delivered. */
  state: z.enum(DELIVERY_STATES).nullable(),
  deliveries: z.array(
    z.strictObject({
      id: deliveryIdSchema,
      target: deliveryTargetSchema,
      state: z.enum(DELIVERY_STATES),
      attempts: z.int(),
      maxAttempts: z.int(),
      scheduledAt: instantSchema,
      nextAttemptAt: instantSchema.nullable(),
      /** When it arrived, or was given up. */
      settledAt: instantSchema.nullable(),
      answer: z.string().nullable(),
      /** Of the latest attempt that failed. */
      error: z.string().nullable(),
      cause: z.string().nullable(),
      idempotencyKey: sha256Schema,
    }),
  ),
});
export type DeliveryView = z.infer<typeof deliveryViewSchema>;
