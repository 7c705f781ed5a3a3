import { z } from 'zod';
import { actorSchema } from './commands.ts';
import { triggerKindSchema } from './execution.commands.ts';
import { effectClassSchema } from './effect-class.ts';
import { executionStatusSchema } from './execution.events.ts';
import { correlationIdSchema, executionIdSchema, instantSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import { runStateSchema } from './run-state.views.ts';
import { LOG_DOMAINS, LOG_LEVELS } from './telemetry.messages.ts';

/** What the HTTP routes answer with. Each is built from a read model or a fold, never stored as such. */

/** What registering the definition would answer: its faults, each at an RFC 6901 pointer. */
export const workflowValidationSchema = z.strictObject({
  valid: z.boolean(),
  faults: z.array(z.strictObject({ pointer: z.string(), code: z.string(), message: z.string() })),
});
export type WorkflowValidation = z.infer<typeof workflowValidationSchema>;

export const workflowViewSchema = z.strictObject({
  name: z.string(),
  version: z.int(),
  hash: z.string(),
  states: z.int(),
  registeredAt: instantSchema,
  definition: jsonSchema.optional(),
});
export type WorkflowView = z.infer<typeof workflowViewSchema>;

export const executionViewSchema = z.strictObject({
  id: executionIdSchema,
  workflow: z.strictObject({ name: z.string(), version: z.int() }),
  status: executionStatusSchema,
  progress: z.int().min(0).max(100),
  currentStep: z.string().nullable(),
  trigger: triggerKindSchema,
  correlationId: correlationIdSchema,
  parentExecutionId: executionIdSchema.nullable(),
  rootExecutionId: executionIdSchema,
  runId: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  startedAt: instantSchema,
  updatedAt: instantSchema,
  endedAt: instantSchema.nullable(),
  /** Commits folded so far. */
  version: z.int(),
  traceId: z.string().nullable(),
  input: jsonSchema.optional(),
  output: jsonSchema.optional(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  runState: runStateSchema,
});
export type ExecutionView = z.infer<typeof executionViewSchema>;

export const stepViewSchema = z.strictObject({
  /** `<frame>/<visit>/<state>` */
  id: z.string(),
  state: z.string(),
  frame: z.string(),
  visit: z.int(),
  status: z.enum([
    'running',
    'waiting',
    'retrying',
    'succeeded',
    'failed',
    'caught',
    'skipped',
    'cancelled',
    'timed_out',
  ]),
  attempts: z.int(),
  enteredAt: instantSchema,
  exitedAt: instantSchema.nullable(),
  input: jsonSchema,
  output: jsonSchema.optional(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
});
export type StepView = z.infer<typeof stepViewSchema>;

export const attemptViewSchema = z.strictObject({
  token: z.string(),
  state: z.string(),
  frame: z.string(),
  visit: z.int(),
  attempt: z.int(),
  queue: z.string(),
  handler: z.string(),
  status: z.enum(['scheduled', 'succeeded', 'failed', 'timed_out', 'cancelled']),
  effectClass: effectClassSchema,
  /** False once two attempts of one request answered with different hashes though definition or handler declare it pure. */
  deterministic: z.boolean(),
  idempotencyKey: z.string(),
  request: jsonSchema,
  response: jsonSchema.optional(),
  responseHash: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  worker: z.string().nullable(),
  scheduledAt: instantSchema,
  startedAt: instantSchema.nullable(),
  finishedAt: instantSchema.nullable(),
});
export type AttemptView = z.infer<typeof attemptViewSchema>;

export const handlerViewSchema = z.strictObject({
  queue: z.string(),
  handler: z.string(),
  effectClass: effectClassSchema,
  inputSchema: jsonSchema.optional(),
  outputSchema: jsonSchema.optional(),
});

export const auditRecordViewSchema = z.strictObject({
  /** Position in the tenant's chain, from 1. */
  n: z.int(),
  seq: z.int(),
  aggregate: z.string(),
  aggregateId: z.string(),
  version: z.int(),
  at: instantSchema,
  actors: z.array(z.string()),
  commands: z.array(z.string()),
  events: z.array(z.string()),
  correlationId: z.string(),
  commitHash: z.string(),
  previousHash: z.string(),
  hash: z.string(),
});
export type AuditRecordView = z.infer<typeof auditRecordViewSchema>;

/** One event of an execution as the log has it, with its data in place. */
export const historyEventViewSchema = z.strictObject({
  /** `<version>.<index>` */
  id: z.string(),
  at: instantSchema,
  type: z.string(),
  event: jsonSchema,
  /** What caused it. */
  command: z.strictObject({ id: z.string(), type: z.string(), actor: actorSchema }),
});
export type HistoryEventView = z.infer<typeof historyEventViewSchema>;

/** As AWS's GetExecutionHistory has it: beside these, at most one member `<type>EventDetails`. */
export const awsHistoryEventViewSchema = z
  .object({
    id: z.int().positive(),
    /** 0: it follows nothing. */
    previousEventId: z.int().nonnegative(),
    timestamp: instantSchema,
    type: z.string(),
  })
  .catchall(z.record(z.string(), jsonSchema));
export type AwsHistoryEventView = z.infer<typeof awsHistoryEventViewSchema>;

export const auditVerificationSchema = z.strictObject({
  verdict: z.enum(['intact', 'broken']),
  rows: z.int(),
  head: z.string().nullable(),
  firstBad: z
    .strictObject({ n: z.int(), seq: z.int().nullable(), aggregateId: z.string().nullable(), problem: z.string() })
    .optional(),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;

const lineageNodeSchema = z.strictObject({
  id: executionIdSchema,
  workflow: z.string(),
  trigger: triggerKindSchema,
  parentExecutionId: executionIdSchema.nullable(),
  status: z.string(),
  startedAt: instantSchema,
  endedAt: instantSchema.nullable(),
  traceId: z.string().nullable(),
});
/** Generations between the relative and the execution that was asked for: 1 is its parent, or its child. */
const relativeSchema = lineageNodeSchema.extend({ depth: z.int().positive() });
export const lineageViewSchema = z.strictObject({
  execution: lineageNodeSchema,
  root: z.string(),
  /** Nearest first. */
  ancestors: z.array(relativeSchema),
  /** Breadth first. */
  descendants: z.array(relativeSchema),
  siblings: z.array(lineageNodeSchema),
});
export const correlationChainViewSchema = z.strictObject({
  correlationId: z.string(),
  root: z.string().nullable(),
  count: z.int(),
  executions: z.array(lineageNodeSchema),
});
export type LineageView = z.infer<typeof lineageViewSchema>;
export type CorrelationChainView = z.infer<typeof correlationChainViewSchema>;

/** Event schema v1 of live progress; snake_case as its consumers know it. */
export const progressEventSchema = z.strictObject({
  schema_version: z.literal(1),
  /** `<commit version>.<event index>`: also the SSE id, so Last-Event-ID resumes right after it. */
  event_id: z.string(),
  event_type: z.string(),
  timestamp: instantSchema,
  execution_id: executionIdSchema,
  status: executionStatusSchema,
  progress: z.int(),
  current_step: z.string().nullable(),
  data: jsonSchema,
});
export type ProgressEvent = z.infer<typeof progressEventSchema>;

export const logViewSchema = z.strictObject({
  id: z.string(),
  at: instantSchema,
  level: z.enum(LOG_LEVELS),
  domain: z.enum(LOG_DOMAINS),
  service: z.string(),
  message: z.string(),
  step: z.string().nullable(),
  correlationId: z.string().nullable(),
  attributes: jsonSchema,
});

export const pageOf = <T extends z.ZodType>(items: T) =>
  z.strictObject({ items: z.array(items), nextCursor: z.string().nullable() });

export const readModelDigestSchema = z.strictObject({
  service: z.string(),
  /** Log sequence up to which the rows were projected. */
  seq: z.int(),
  tables: z.record(z.string(), z.strictObject({ rows: z.int(), columns: z.record(z.string(), z.string()) })),
});
export type ReadModelDigest = z.infer<typeof readModelDigestSchema>;

export const executionsHealthSchema = z.strictObject({
  status: z.enum(['ok', 'degraded']),
  open: z.int(),
  stalled: z.int(),
  projectionLag: z.int(),
  log: z.strictObject({ bytes: z.int(), bytesMax: z.int(), acceptsStarts: z.boolean() }),
});
export const statsSchema = z.strictObject({
  executionsByStatus: z.record(z.string(), z.int()),
  workflows: z.int(),
  projectedSeq: z.int(),
  /** Which orchestrator decides which part of the executions; none for a moment while a part changes hands. */
  partitions: z.array(z.strictObject({ partition: z.int(), instance: z.string().nullable() })).optional(),
});
