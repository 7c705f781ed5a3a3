import { z } from 'zod';
import { executionIdSchema } from '../ids.ts';
import { positionSchema } from '../moments.ts';
import { frameIdSchema, stateNameSchema } from '../names.ts';
import {
  keptStateSchema,
  SNAPSHOT_TYPES,
  snapshotListSchema,
  snapshotViewSchema,
  stateDiffViewSchema,
  stateViewSchema,
} from '../snapshots.views.ts';
import { idParams, route } from './route.ts';

export const timeTravelRoutes = {
  getState: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/state',
    permission: 'executions:read',
    summary: 'State of the execution after commit `at`, or as it was at a time; the latest without it',
    status: 200,
    params: idParams,
    query: z.strictObject({ at: positionSchema.optional() }),
    response: stateViewSchema,
  }),
  diffStates: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/diff',
    permission: 'executions:read',
    summary: 'What changed in the state between two commits or times, as JSON Patch (RFC 6902)',
    status: 200,
    params: idParams,
    query: z.strictObject({ from: positionSchema, to: positionSchema.optional() }),
    response: stateDiffViewSchema,
  }),
  listSnapshots: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/snapshots',
    permission: 'executions:read',
    summary: 'Kept states of an execution, in the order of its history',
    status: 200,
    params: idParams,
    query: z.strictObject({ type: z.enum(SNAPSHOT_TYPES).optional() }),
    response: snapshotListSchema,
  }),
  takeSnapshot: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/executions/:id/snapshots',
    permission: 'replay:run',
    summary: 'Keep the state right before or after a step',
    status: 201,
    params: idParams,
    body: z.strictObject({
      type: z.enum(['before_step', 'after_step']),
      state: stateNameSchema,
      /** Absent: the first frame and visit that entered the state. */
      frame: frameIdSchema.optional(),
      visit: z.int().positive().optional(),
    }),
    response: snapshotViewSchema,
  }),
  getSnapshot: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/snapshots/:snapshot',
    permission: 'executions:read',
    summary: 'One kept state',
    status: 200,
    params: z.strictObject({
      id: executionIdSchema,
      snapshot: z.string().regex(/^(?:checkpoint|before_step|after_step)-\d{1,9}\.\d{1,4}$/, 'is no id of a snapshot'),
    }),
    response: keptStateSchema,
  }),
} as const;
