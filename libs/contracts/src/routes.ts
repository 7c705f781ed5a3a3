import { z } from 'zod';
import { labelsSchema, triggerKindSchema, workflowNameSchema } from './execution.commands.ts';
import { executionStatusSchema } from './execution.events.ts';
import { correlationIdSchema, executionIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import type { Permission } from './permissions.ts';
import { REPLAY_MODES } from './replay.messages.ts';
import {
  activityNameSchema,
  activityTaskSchema,
  POLL_WAIT_MS_MAX,
  taskReportBodies,
  taskReportedSchema,
} from './task-tokens.messages.ts';
import { LOG_DOMAINS, LOG_LEVELS } from './telemetry.messages.ts';
import {
  attemptViewSchema,
  auditRecordViewSchema,
  auditVerificationSchema,
  awsHistoryEventViewSchema,
  correlationChainViewSchema,
  executionsHealthSchema,
  executionViewSchema,
  handlerViewSchema,
  historyEventViewSchema,
  lineageViewSchema,
  logViewSchema,
  pageOf,
  progressEventSchema,
  readModelDigestSchema,
  replaySessionViewSchema,
  statsSchema,
  stepViewSchema,
  workflowValidationSchema,
  workflowViewSchema,
} from './views.ts';

/**
 * The whole HTTP surface in one table: controllers, front, client, CLI and OpenAPI are made from it, and a route
 * cannot be written down without the permission that it needs.
 */

export const SERVICES = [
  'orchestrator',
  'step-worker',
  'replay-service',
  'audit-service',
  'telemetry-ingestor',
] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Route {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST';
  /** Fastify syntax: `:id` is a path parameter. */
  readonly path: `/api/v1/${string}`;
  readonly permission: Permission;
  readonly summary: string;
  readonly status: 200 | 201;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** Answers with server-sent events of `response`. */
  readonly stream?: true;
}
const route = <const R extends Route>(definition: R): R => definition;

const PAGE_MAX = 500;
const limit = (preset: number) => z.coerce.number().int().min(1).max(PAGE_MAX).default(preset);
const idParams = z.strictObject({ id: executionIdSchema });
const nameParams = z.strictObject({ name: workflowNameSchema });

/** A caller may wait for the end of an execution this long in one request. */
export const WAIT_MS_MAX = 30_000;
const waitMs = z.coerce.number().int().min(0).max(WAIT_MS_MAX).optional();

export const startExecutionRequestSchema = z
  .strictObject({
    input: jsonSchema.optional(),
    /** Another name for `input`. */
    trigger_data: jsonSchema.optional(),
    version: z.int().positive().optional(),
    /** Given id: starting again with the same body answers with the same execution. */
    executionId: executionIdSchema.optional(),
    idempotencyKey: z.string().min(1).max(256).optional(),
    correlationId: correlationIdSchema.optional(),
    parentExecutionId: executionIdSchema.optional(),
    trigger: triggerKindSchema.optional(),
    runId: z.string().min(1).max(128).optional(),
    labels: labelsSchema.optional(),
    /** Wait this long for the end before answering; the answer is 201 either way. */
    waitMs,
  })
  .refine((body) => !(body.input !== undefined && body.trigger_data !== undefined), {
    error: 'give input or trigger_data, not both',
  })
  .refine((body) => !(body.executionId !== undefined && body.idempotencyKey !== undefined), {
    error: 'give executionId or idempotencyKey, not both',
  });
export type StartExecutionRequest = z.input<typeof startExecutionRequestSchema>;

const definitionSchema = jsonSchema.meta({ description: 'the definition, or a string with its text: JSON or YAML' });

export const registerWorkflowRequestSchema = z.strictObject({ name: workflowNameSchema, definition: definitionSchema });
/** The definition under `definition`, or by itself: what a file holds can be sent as it is. */
export const validateWorkflowRequestSchema = z.looseObject({ definition: definitionSchema.optional() });

const readModelRoutes = <const S extends ServiceName>(service: S) =>
  ({
    rebuild: {
      service,
      method: 'POST',
      path: `/api/v1/read-models/${service}/rebuild`,
      permission: 'read-models:admin',
      summary: `Rebuild the read model of ${service} from the log beside the serving one, then swap`,
      status: 200,
      body: z.strictObject({ batchSize: z.int().min(1).max(5_000).optional() }),
      response: readModelDigestSchema,
    },
    digest: {
      service,
      method: 'GET',
      path: `/api/v1/read-models/${service}/digest`,
      permission: 'read-models:admin',
      summary: `Digest of every table and column of ${service}`,
      status: 200,
      response: readModelDigestSchema,
    },
  }) as const satisfies Record<string, Route>;

export const readModelRoutesByService = {
  orchestrator: readModelRoutes('orchestrator'),
  'step-worker': readModelRoutes('step-worker'),
  'replay-service': readModelRoutes('replay-service'),
  'audit-service': readModelRoutes('audit-service'),
  'telemetry-ingestor': readModelRoutes('telemetry-ingestor'),
} as const;

export const routes = {
  registerWorkflow: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/workflows',
    permission: 'workflows:write',
    summary: 'Register a state machine; an equal definition answers with the version that has it',
    status: 201,
    body: registerWorkflowRequestSchema,
    response: workflowViewSchema,
  }),
  validateWorkflow: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/workflows/validate',
    permission: 'workflows:write',
    summary: 'Everything that is wrong with a definition; nothing is registered',
    status: 200,
    body: validateWorkflowRequestSchema,
    response: workflowValidationSchema,
  }),
  listWorkflows: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/workflows',
    permission: 'workflows:read',
    summary: 'Latest version of every workflow',
    status: 200,
    query: z.strictObject({ limit: limit(50), cursor: z.string().max(128).optional() }),
    response: pageOf(workflowViewSchema),
  }),
  getWorkflow: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/workflows/:name',
    permission: 'workflows:read',
    summary: 'Latest version of a workflow with its definition',
    status: 200,
    params: nameParams,
    response: workflowViewSchema,
  }),
  listWorkflowVersions: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/workflows/:name/versions',
    permission: 'workflows:read',
    summary: 'All versions of a workflow, newest first',
    status: 200,
    params: nameParams,
    query: z.strictObject({ limit: limit(50), cursor: z.string().max(128).optional() }),
    response: pageOf(workflowViewSchema),
  }),
  getWorkflowVersion: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/workflows/:name/versions/:version',
    permission: 'workflows:read',
    summary: 'One version of a workflow with its definition',
    status: 200,
    params: z.strictObject({ name: workflowNameSchema, version: z.coerce.number().int().positive() }),
    response: workflowViewSchema,
  }),
  startExecution: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/workflows/:name/executions',
    permission: 'executions:start',
    summary: 'Start an execution; answers after its start is committed',
    status: 201,
    params: nameParams,
    body: startExecutionRequestSchema,
    response: executionViewSchema,
  }),
  listExecutions: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions',
    permission: 'executions:read',
    summary: 'Executions, newest first',
    status: 200,
    query: z.strictObject({
      status: executionStatusSchema.optional(),
      workflow: workflowNameSchema.optional(),
      correlationId: correlationIdSchema.optional(),
      limit: limit(50),
      cursor: z.string().max(128).optional(),
    }),
    response: pageOf(executionViewSchema),
  }),
  executionsHealth: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/health',
    permission: 'executions:read',
    summary: 'Open and stalled executions, projection lag, room on the log',
    status: 200,
    response: executionsHealthSchema,
  }),
  getExecution: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id',
    permission: 'executions:read',
    summary: 'One execution; `waitMs` waits that long for its end',
    status: 200,
    params: idParams,
    query: z.strictObject({ waitMs }),
    response: executionViewSchema,
  }),
  listSteps: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id/steps',
    permission: 'executions:read',
    summary: 'State visits of an execution in order of entry',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor: z.string().max(128).optional() }),
    response: pageOf(stepViewSchema),
  }),
  cancelExecution: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/executions/:id/cancel',
    permission: 'executions:control',
    summary: 'Cancel an execution; results of its running steps are refused from then on',
    status: 200,
    params: idParams,
    body: z.strictObject({ reason: z.string().max(1_024).optional() }),
    response: executionViewSchema,
  }),
  sendTaskSuccess: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/task-tokens/success',
    permission: 'tasks:report',
    summary: "SendTaskSuccess: end the attempt that the token is for with the task's output",
    status: 200,
    body: taskReportBodies.success,
    response: taskReportedSchema,
  }),
  sendTaskFailure: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/task-tokens/failure',
    permission: 'tasks:report',
    summary: 'SendTaskFailure: end the attempt that the token is for with an error, which Retry and Catch see',
    status: 200,
    body: taskReportBodies.failure,
    response: taskReportedSchema,
  }),
  sendTaskHeartbeat: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/task-tokens/heartbeat',
    permission: 'tasks:report',
    summary: 'SendTaskHeartbeat: the attempt that the token is for is still being worked on',
    status: 200,
    body: taskReportBodies.heartbeat,
    response: taskReportedSchema,
  }),
  pollActivity: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/activities/:name/poll',
    permission: 'activities:poll',
    summary: 'GetActivityTask: the next task of an activity, or null where none came within `waitMs`',
    status: 200,
    params: z.strictObject({ name: activityNameSchema }),
    body: z.strictObject({
      waitMs: z.int().min(0).max(POLL_WAIT_MS_MAX).default(POLL_WAIT_MS_MAX),
      worker: z.string().min(1).max(80).optional(),
    }),
    response: z.strictObject({ task: activityTaskSchema.nullable() }),
  }),
  stats: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/stats',
    permission: 'executions:read',
    summary: 'Counts by status',
    status: 200,
    response: statsSchema,
  }),
  listAttempts: route({
    service: 'step-worker',
    method: 'GET',
    path: '/api/v1/executions/:id/attempts',
    permission: 'executions:read',
    summary: 'Every attempt at every step: request, response, hash, times, error',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor: z.string().max(128).optional() }),
    response: pageOf(attemptViewSchema),
  }),
  listHandlers: route({
    service: 'step-worker',
    method: 'GET',
    path: '/api/v1/handlers',
    permission: 'workflows:read',
    summary: 'Handlers that this worker runs',
    status: 200,
    response: z.strictObject({ items: z.array(handlerViewSchema) }),
  }),
  replayExecution: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/executions/:id/replay',
    permission: 'replay:run',
    summary: 'Decide the whole execution again from its recorded commands and compare byte for byte',
    status: 201,
    params: idParams,
    body: z.strictObject({ mode: z.enum(REPLAY_MODES).default('full') }),
    response: replaySessionViewSchema,
  }),
  getReplaySession: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/replay-sessions/:id',
    permission: 'executions:read',
    summary: 'One stored verdict',
    status: 200,
    params: z.strictObject({ id: executionIdSchema }),
    response: replaySessionViewSchema,
  }),
  getState: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/state',
    permission: 'executions:read',
    summary: 'State of the execution after commit `at`; the latest without it',
    status: 200,
    params: idParams,
    query: z.strictObject({ at: z.coerce.number().int().min(1).optional() }),
    response: z.strictObject({
      executionId: executionIdSchema,
      at: z.int(),
      of: z.int(),
      stateHash: z.string(),
      state: jsonSchema,
    }),
  }),
  listAudit: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/audit',
    permission: 'audit:read',
    summary: 'Ledger rows of an execution',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor: z.string().max(128).optional() }),
    response: pageOf(auditRecordViewSchema),
  }),
  getHistory: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/history',
    permission: 'executions:read',
    summary:
      "Every event of an execution with its data, straight from the log; `format=aws`: as AWS's GetExecutionHistory",
    status: 200,
    params: idParams,
    query: z.strictObject({
      format: z.enum(['aws']).optional(),
      limit: limit(PAGE_MAX),
      cursor: z.string().max(128).optional(),
    }),
    response: z.union([pageOf(historyEventViewSchema), pageOf(awsHistoryEventViewSchema)]),
  }),
  verifyAudit: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/audit/verify',
    permission: 'audit:read',
    summary: "Walk the tenant's hash chain and compare it with the log; name the first bad row",
    status: 200,
    response: auditVerificationSchema,
  }),
  getLineage: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/lineage',
    permission: 'executions:read',
    summary: 'Ancestors, descendants (breadth first) and siblings',
    status: 200,
    params: idParams,
    query: z.strictObject({ depth: z.coerce.number().int().min(1).max(20).default(20) }),
    response: lineageViewSchema,
  }),
  getCorrelationChain: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/correlation/:id',
    permission: 'executions:read',
    summary: 'Executions that share a correlation id, by start',
    status: 200,
    params: z.strictObject({ id: correlationIdSchema }),
    query: z.strictObject({ limit: limit(100) }),
    response: correlationChainViewSchema,
  }),
  listLogs: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/logs',
    permission: 'telemetry:read',
    summary: 'Log lines of an execution, oldest first',
    status: 200,
    params: idParams,
    query: z.strictObject({
      level: z.enum(LOG_LEVELS).optional(),
      domain: z.enum(LOG_DOMAINS).optional(),
      limit: limit(100),
      cursor: z.string().max(128).optional(),
    }),
    response: pageOf(logViewSchema),
  }),
  streamExecution: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/stream',
    permission: 'telemetry:read',
    summary: 'Live progress as server-sent events; Last-Event-ID resumes from any point',
    status: 200,
    params: idParams,
    response: progressEventSchema,
    stream: true,
  }),
  listEvents: route({
    service: 'telemetry-ingestor',
    method: 'GET',
    path: '/api/v1/executions/:id/events',
    permission: 'telemetry:read',
    summary: 'The same events as a page; `cursor` is the last event id seen',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor: z.string().max(128).optional() }),
    response: pageOf(progressEventSchema),
  }),
} as const;
export type RouteName = keyof typeof routes;

export const allRoutes: readonly Route[] = [
  ...Object.values(routes),
  ...Object.values(readModelRoutesByService).flatMap((pair) => [pair.rebuild, pair.digest]),
];
