import { z } from 'zod';
import { correlationIdSchema, executionIdSchema, instantSchema, tenantSchema, traceparentSchema } from './ids.ts';

export const LOG_LEVELS = ['ok', 'warn', 'error'] as const;
export const LOG_DOMAINS = ['preflight', 'step', 'delivery', 'signature', 'engine'] as const;

/** One structured log line of a worker or service, on `tl.tel.<tenant>.log`. May be dropped under pressure; drops are counted. */
export const logRecordSchema = z.strictObject({
  v: z.literal(1),
  tenant: tenantSchema,
  /** Unique per record: a redelivered one is stored once. */
  id: z.string().min(1).max(64),
  at: instantSchema,
  level: z.enum(LOG_LEVELS),
  domain: z.enum(LOG_DOMAINS),
  service: z.string().min(1).max(64),
  message: z.string().max(8_192),
  executionId: executionIdSchema.optional(),
  correlationId: correlationIdSchema.optional(),
  step: z.string().max(80).optional(),
  traceparent: traceparentSchema.optional(),
  attributes: z.record(z.string().max(64), z.union([z.string().max(1_024), z.number(), z.boolean()])).optional(),
});
export type LogRecord = z.infer<typeof logRecordSchema>;

export const LOG_BATCH_MAX = 512;
/** What a message on `tl.tel.<tenant>.log` holds: one record, or several of the same tenant that were written together. */
export const logMessageSchema = z.union([logRecordSchema, z.array(logRecordSchema).min(1).max(LOG_BATCH_MAX)]);
