import { z } from 'zod';
import { approvalIdSchema, executionIdSchema, sha256Schema } from '../ids.ts';
import { approvalViewSchema } from '../run-state.views.ts';
import { pageOf } from '../views.ts';
import { cursor, limit, route } from './route.ts';

const approvalParams = z.strictObject({ id: executionIdSchema, approval: approvalIdSchema });

export const approvalRoutes = {
  listApprovals: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/approvals',
    permission: 'executions:read',
    summary: 'Approvals, oldest first; `mine`: only what the caller may decide now',
    status: 200,
    query: z.strictObject({
      status: approvalViewSchema.shape.status.optional(),
      mine: z.enum(['true', 'false']).optional(),
      limit: limit(50),
      cursor,
    }),
    response: pageOf(approvalViewSchema),
  }),
  getApproval: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/executions/:id/approvals/:approval',
    permission: 'executions:read',
    summary: 'One approval, as the log has it',
    status: 200,
    params: approvalParams,
    response: approvalViewSchema,
  }),
  decideApproval: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/executions/:id/approvals/:approval/decide',
    permission: 'approvals:decide',
    summary: 'Approve or reject; a signature is a detached JWS (EdDSA) over the content hash',
    status: 200,
    params: approvalParams,
    body: z.strictObject({
      decision: z.enum(['approve', 'reject']),
      comment: z.string().max(4_096).optional(),
      contentHash: sha256Schema.optional(),
      signature: z.string().max(4_096).optional(),
    }),
    response: approvalViewSchema,
  }),
} as const;
