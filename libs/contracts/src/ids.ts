import { z } from 'zod';

/** One token of a NATS subject: no dot, wildcard or space can get in, so an id can never widen a subscription. */
export const SUBJECT_TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const token = z.string().regex(SUBJECT_TOKEN, 'must be 1 to 64 of A-Z a-z 0-9 _ -');

export const tenantSchema = token.brand<'Tenant'>();
export const executionIdSchema = token.brand<'ExecutionId'>();
export const workflowIdSchema = token.brand<'WorkflowId'>();
export const commandIdSchema = token.brand<'CommandId'>();
export const queueSchema = token.brand<'Queue'>();
export const timerIdSchema = token.brand<'TimerId'>();
export const aggregateIdSchema = token.brand<'AggregateId'>();
export const scheduleIdSchema = token.brand<'ScheduleId'>();

export type Tenant = z.infer<typeof tenantSchema>;
export type ExecutionId = z.infer<typeof executionIdSchema>;
export type WorkflowId = z.infer<typeof workflowIdSchema>;
export type CommandId = z.infer<typeof commandIdSchema>;
export type Queue = z.infer<typeof queueSchema>;
export type TimerId = z.infer<typeof timerIdSchema>;
export type AggregateId = z.infer<typeof aggregateIdSchema>;
export type ScheduleId = z.infer<typeof scheduleIdSchema>;

/** `<commit version>.<event index>` of the `StepScheduled` that opened the attempt: unique per attempt, known to decide. */
export const attemptTokenSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,9}\.[0-9]{1,4}$/)
  .brand<'AttemptToken'>();
export type AttemptToken = z.infer<typeof attemptTokenSchema>;

/** `<commit version>-<event index>` of the `ApprovalRequested` that asked for it. */
export const approvalIdSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,9}-[0-9]{1,4}$/)
  .brand<'ApprovalId'>();
export type ApprovalId = z.infer<typeof approvalIdSchema>;

export const AGGREGATES = ['execution', 'workflow', 'lock', 'schedule', 'tenant', 'replay'] as const;
export const aggregateSchema = z.enum(AGGREGATES);
export type Aggregate = z.infer<typeof aggregateSchema>;

/** Names one stream of decisions: the unit of ordering and of the fence. */
export interface AggregateRef {
  readonly tenant: Tenant;
  readonly aggregate: Aggregate;
  readonly aggregateId: AggregateId;
}

export const ORIGINS = ['client', 'worker', 'system'] as const;
export const originSchema = z.enum(ORIGINS);
export type Origin = z.infer<typeof originSchema>;

/** A correlation id is data in headers and rows, not only a subject token, but obeys the same alphabet. */
export const correlationIdSchema = token.brand<'CorrelationId'>();
export type CorrelationId = z.infer<typeof correlationIdSchema>;

/** UTC, RFC 3339, milliseconds: `2026-01-31T12:00:00.000Z`. Compares as text in time order. */
export const instantSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .brand<'Instant'>();
export type Instant = z.infer<typeof instantSchema>;

export const traceparentSchema = z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
