import { z } from 'zod';
import { FORK_PATCH_OPERATIONS_MAX } from '../derived.messages.ts';
import { executionIdSchema, sha256Schema } from '../ids.ts';
import { jsonPatchSchema } from '../json-patch.ts';
import { jsonSchema } from '../json.ts';
import { frameIdSchema, labelsSchema } from '../names.ts';
import { idParams, route } from './route.ts';

export const forkRequestSchema = z.strictObject({
  /** The commit of the original that the fork goes on from. */
  at: z.int().positive(),
  /** RFC 6902, into the payload at that commit: the input of the state that the execution is in, or what goes to the next. */
  patch: jsonPatchSchema.max(FORK_PATCH_OPERATIONS_MAX).optional(),
  /** Whose payload, where branches or iterations are under way. */
  frame: frameIdSchema.optional(),
  /** Another version of the workflow; absent: the original's. */
  version: z.int().positive().optional(),
  /** Registered as a version of the workflow, unless it is one. */
  definition: jsonSchema.optional(),
  /** Steps are run for real from the first one that the record does not answer; absent: it waits for a review there. */
  live: z.boolean().optional(),
  executionId: executionIdSchema.optional(),
  labels: labelsSchema.optional(),
});
export type ForkRequest = z.input<typeof forkRequestSchema>;

export const forkViewSchema = z.strictObject({
  executionId: executionIdSchema,
  origin: z.strictObject({
    executionId: executionIdSchema,
    at: z.int(),
    /** Of the original's state there. */
    stateHash: sha256Schema,
  }),
  workflow: z.strictObject({ name: z.string(), version: z.int() }),
  live: z.boolean(),
});
export type ForkView = z.infer<typeof forkViewSchema>;

export const forkRoutes = {
  forkExecution: route({
    service: 'replay-service',
    method: 'POST',
    path: '/api/v1/executions/:id/fork',
    permission: 'executions:start',
    summary:
      'Start an execution that goes on from a commit of this one; recorded answers serve until the first changed step',
    status: 201,
    params: idParams,
    body: forkRequestSchema,
    response: forkViewSchema,
  }),
} as const;
