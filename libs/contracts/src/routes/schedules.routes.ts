import { z } from 'zod';
import { commandIdSchema, scheduleIdSchema } from '../ids.ts';
import { scheduleSpecSchema } from '../schedule.messages.ts';
import { scheduleTriggeredSchema, scheduleViewSchema } from '../schedules.views.ts';
import { pageOf } from '../views.ts';
import { cursor, limit, route } from './route.ts';

const params = z.strictObject({ id: scheduleIdSchema });
const reason = z.string().max(1_024).optional();

export const scheduleRoutes = {
  listSchedules: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/schedules',
    permission: 'schedules:read',
    summary: 'Schedules by id',
    status: 200,
    query: z.strictObject({
      status: z.enum(['active', 'paused']).optional(),
      workflow: z.string().max(80).optional(),
      limit: limit(50),
      cursor,
    }),
    response: pageOf(scheduleViewSchema),
  }),
  getSchedule: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/schedules/:id',
    permission: 'schedules:read',
    summary: 'One schedule with its next instants and its last runs',
    status: 200,
    params,
    response: scheduleViewSchema,
  }),
  putSchedule: route({
    service: 'orchestrator',
    method: 'PUT',
    path: '/api/v1/schedules/:id',
    permission: 'schedules:write',
    summary: 'Create a schedule, or replace it; putting what is there already changes nothing',
    status: 200,
    params,
    body: scheduleSpecSchema,
    response: scheduleViewSchema,
  }),
  deleteSchedule: route({
    service: 'orchestrator',
    method: 'DELETE',
    path: '/api/v1/schedules/:id',
    permission: 'schedules:write',
    summary: 'Delete a schedule; what it started goes on',
    status: 200,
    params,
    response: scheduleViewSchema,
  }),
  pauseSchedule: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/schedules/:id/pause',
    permission: 'schedules:write',
    summary: 'Nothing comes due until it is resumed; what runs goes on',
    status: 200,
    params,
    body: z.strictObject({ reason }),
    response: scheduleViewSchema,
  }),
  resumeSchedule: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/schedules/:id/resume',
    permission: 'schedules:write',
    summary: 'Go on with the next instant; those that passed in the meantime are not started',
    status: 200,
    params,
    body: z.strictObject({ reason }),
    response: scheduleViewSchema,
  }),
  triggerSchedule: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/schedules/:id/trigger',
    permission: 'schedules:write',
    summary: 'Start an execution now, as its overlap policy allows',
    status: 200,
    params,
    body: z.strictObject({
      reason,
      /** Repeating a request with the same one starts nothing more. */
      requestId: commandIdSchema.optional(),
    }),
    response: scheduleTriggeredSchema,
  }),
} as const;
