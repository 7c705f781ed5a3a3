import { z } from 'zod';
import { workflowNameSchema } from '../names.ts';
import { jsonSchema } from '../json.ts';
import { pageOf, workflowValidationSchema, workflowViewSchema } from '../views.ts';
import { cursor, limit, nameParams, route } from './route.ts';

const definitionSchema = jsonSchema.meta({ description: 'the definition, or a string with its text: JSON or YAML' });

export const registerWorkflowRequestSchema = z.strictObject({ name: workflowNameSchema, definition: definitionSchema });
/** The definition under `definition`, or by itself: what a file holds can be sent as it is. */
export const validateWorkflowRequestSchema = z.looseObject({ definition: definitionSchema.optional() });

export const workflowRoutes = {
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
    query: z.strictObject({ limit: limit(50), cursor }),
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
    query: z.strictObject({ limit: limit(50), cursor }),
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
} as const;
