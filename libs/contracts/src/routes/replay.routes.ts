import { z } from 'zod';
import { executionIdSchema, instantSchema } from '../ids.ts';
import { REPLAY_KINDS, REPLAY_MODES, REPLAY_SCOPES, REPLAY_VERDICTS, replayedStepSchema } from '../replay.messages.ts';
import { REPLAY_STATUSES, replaySessionViewSchema } from '../replay.views.ts';
import { pageOf } from '../views.ts';
import { cursor, idParams, limit, route } from './route.ts';

/** How long the answer to a request waits for its session to end. */
export const REPLAY_ANSWER_MS = 10_000;

const filters = {
  status: z.enum(REPLAY_STATUSES).optional(),
  verdict: z.enum(REPLAY_VERDICTS).optional(),
  kind: z.enum(REPLAY_KINDS).optional(),
  limit: limit(50),
  cursor,
};

export const replayRoutes = {
  replayExecution: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/executions/:id/replay',
    permission: 'replay:run',
    summary: 'Begin a replay session of the execution; the answer waits a while for its end',
    status: 201,
    params: idParams,
    body: z.strictObject({
      mode: z.enum(REPLAY_MODES).default('full'),
      kind: z.enum(REPLAY_KINDS).default('verify'),
      fromStep: replayedStepSchema.optional(),
      live: z.literal(true).optional(),
      allowExternal: z.literal(true).optional(),
    }),
    response: replaySessionViewSchema,
  }),
  replayAll: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/replay-sessions',
    permission: 'replay:run',
    summary: 'Begin a replay session of everything that the tenant has on the log',
    status: 201,
    body: z.strictObject({ since: instantSchema.optional() }),
    response: replaySessionViewSchema,
  }),
  listReplaySessions: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/replay-sessions',
    permission: 'executions:read',
    summary: 'Replay sessions, newest first',
    status: 200,
    query: z.strictObject({
      executionId: executionIdSchema.optional(),
      scope: z.enum(REPLAY_SCOPES).optional(),
      ...filters,
    }),
    response: pageOf(replaySessionViewSchema),
  }),
  listReplaysOfExecution: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/executions/:id/replay-sessions',
    permission: 'executions:read',
    summary: 'Replay sessions of one execution, newest first',
    status: 200,
    params: idParams,
    query: z.strictObject(filters),
    response: pageOf(replaySessionViewSchema),
  }),
  getReplaySession: route({
    service: 'replay-service',
    method: 'GET',
    path: '/api/v1/replay-sessions/:id',
    permission: 'executions:read',
    summary: 'One replay session: how far it is, or what it found',
    status: 200,
    params: z.strictObject({ id: executionIdSchema }),
    response: replaySessionViewSchema,
  }),
} as const;
