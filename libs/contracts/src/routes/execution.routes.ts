import { z } from 'zod';
import { deliveryRequestSchema } from '../delivery.messages.ts';
import { triggerKindSchema } from '../execution.commands.ts';
import { labelsSchema, stateNameSchema, workflowNameSchema } from '../names.ts';
import { executionStatusSchema } from '../execution.events.ts';
import { attributesSchema } from '../attributes.ts';
import { correlationIdSchema, executionIdSchema, instantSchema } from '../ids.ts';
import { jsonSchema } from '../json.ts';
import { asOfSchema } from '../moments.ts';
import { prioritySchema } from '../priority.ts';
import { modeSchema, slaClassSchema } from '../timeout-policy.ts';
import { executionsHealthSchema, executionViewSchema, pageOf, statsSchema, stepViewSchema } from '../views.ts';
import { cursor, idParams, limit, nameParams, PAGE_MAX, route } from './route.ts';

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
    attributes: attributesSchema.optional(),
    /** Wait for a review before this state is entered. */
    until: stateNameSchema.optional(),
    /** Stay queued until then. */
    notBefore: instantSchema.optional(),
    labels: labelsSchema.optional(),
    /** These three go before what the machine says of itself. */
    sla: slaClassSchema.optional(),
    mode: modeSchema.optional(),
    priority: prioritySchema.optional(),
    /** Nothing is started unless a preflight finds no error. */
    preflight: z.literal('required').optional(),
    /** Where the result goes, beside where the definition sends it. */
    delivery: deliveryRequestSchema.optional(),
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

const pair = z
  .string()
  .regex(/^[^=]{1,64}=/, 'is name=value')
  .max(400);
const labelFilter = z.union([pair, z.array(pair).max(10)]).optional();
const tag = z.string().min(1).max(1_024).optional();
/** What executions can be looked up by beside their own columns; each has an index. */
const tagFilters = {
  planId: tag,
  changesetId: tag,
  decisionId: tag,
  checksum: tag,
  verdict: tag,
  riskLevel: tag,
  affectedPath: tag,
  artifactPath: tag,
  fileChanged: tag,
  runId: tag,
  slaClass: tag,
  actionClass: tag,
  mode: tag,
  priority: tag,
  deliveryState: tag,
  signatureState: tag,
};
export const TAG_FILTERS = Object.keys(tagFilters) as readonly (keyof typeof tagFilters)[]; // its own keys

export const executionRoutes = {
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
      /** `name=value`; each further one narrows the list. */
      label: labelFilter,
      ...tagFilters,
      /** As it was then. A page may be shorter than asked for and still have a next one: what has changed since is folded, a bounded number per page. */
      as_of: asOfSchema.optional(),
      limit: limit(50),
      cursor,
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
    query: z
      .strictObject({ waitMs, as_of: asOfSchema.optional() })
      .refine((query) => !(query.waitMs && query.as_of), { error: 'give waitMs or as_of, not both' }),
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
    query: z.strictObject({ as_of: asOfSchema.optional(), limit: limit(PAGE_MAX), cursor }),
    response: pageOf(stepViewSchema),
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
} as const;
