import { z } from 'zod';
import { assetNameSchema, fencingTokenSchema } from '../asset-locks.ts';
import { executionIdSchema } from '../ids.ts';
import { LOCK_STATES, lockDetailSchema, lockViewSchema } from '../locks.views.ts';
import { pageOf } from '../views.ts';
import { limit, route } from './route.ts';

const params = z.strictObject({ asset: assetNameSchema });

export const lockRoutes = {
  listLocks: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/locks',
    permission: 'locks:read',
    summary: 'Locks of assets by name: who holds them, how many wait',
    status: 200,
    query: z.strictObject({
      status: z.enum(LOCK_STATES).optional(),
      /** Those that this execution holds or waits for, with its place. */
      executionId: executionIdSchema.optional(),
      limit: limit(50),
      // An asset's name may be long.
      cursor: z.string().max(2_048).optional(),
    }),
    response: pageOf(lockViewSchema),
  }),
  getLock: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/locks/:asset',
    permission: 'locks:read',
    summary: 'The lock of one asset, with its queue',
    status: 200,
    params,
    response: lockDetailSchema,
  }),
  releaseLock: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/locks/:asset/release',
    permission: 'locks:admin',
    summary: 'Take the lock from its holder, whose attempt fails; a second time without waiting for its answer',
    status: 200,
    params,
    body: z.strictObject({
      /** Only from the holder with this token. */
      fencingToken: fencingTokenSchema.optional(),
      reason: z.string().max(1_024).optional(),
    }),
    response: lockDetailSchema,
  }),
} as const;
