import { z } from 'zod';
import { executionIdSchema } from '../ids.ts';
import { jsonSchema } from '../json.ts';
import { REPLAY_MODES } from '../replay.messages.ts';
import { replaySessionViewSchema } from '../views.ts';
import { idParams, route } from './route.ts';

export const replayRoutes = {
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
} as const;
