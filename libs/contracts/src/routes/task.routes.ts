import { z } from 'zod';
import { targetViewSchema } from '../targets.views.ts';
import {
  activityNameSchema,
  activityTaskSchema,
  POLL_WAIT_MS_MAX,
  taskReportBodies,
  taskReportedSchema,
} from '../task-tokens.messages.ts';
import { attemptViewSchema, handlerViewSchema, pageOf } from '../views.ts';
import { cursor, idParams, limit, PAGE_MAX, route } from './route.ts';

export const taskRoutes = {
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
  listAttempts: route({
    service: 'step-worker',
    method: 'GET',
    path: '/api/v1/executions/:id/attempts',
    permission: 'executions:read',
    summary: 'Every attempt at every step: request, response, hash, times, error',
    status: 200,
    params: idParams,
    query: z.strictObject({ limit: limit(PAGE_MAX), cursor }),
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
  listTargets: route({
    service: 'step-worker',
    method: 'GET',
    path: '/api/v1/targets',
    permission: 'executions:read',
    summary: 'Whom this worker calls for the tenant: circuits, calls under way, retries left',
    status: 200,
    response: z.strictObject({ worker: z.string(), items: z.array(targetViewSchema) }),
  }),
} as const;
