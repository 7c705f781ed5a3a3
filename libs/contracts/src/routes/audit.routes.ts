import { z } from 'zod';
import { correlationIdSchema } from '../ids.ts';
import { asOfSchema } from '../moments.ts';
import {
  auditRecordViewSchema,
  auditVerificationSchema,
  awsHistoryEventViewSchema,
  correlationChainViewSchema,
  historyEventViewSchema,
  lineageViewSchema,
  pageOf,
} from '../views.ts';
import { cursor, idParams, limit, PAGE_MAX, route } from './route.ts';

export const auditRoutes = {
  listAudit: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/audit',
    permission: 'audit:read',
    summary: 'Ledger rows of an execution',
    status: 200,
    params: idParams,
    query: z.strictObject({ as_of: asOfSchema.optional(), limit: limit(PAGE_MAX), cursor }),
    response: pageOf(auditRecordViewSchema),
  }),
  getHistory: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/history',
    permission: 'executions:read',
    summary:
      "Every event of an execution with its data, straight from the log; `format=aws`: as AWS's GetExecutionHistory",
    status: 200,
    params: idParams,
    query: z.strictObject({
      format: z.enum(['aws']).optional(),
      as_of: asOfSchema.optional(),
      limit: limit(PAGE_MAX),
      cursor,
    }),
    response: z.union([pageOf(historyEventViewSchema), pageOf(awsHistoryEventViewSchema)]),
  }),
  verifyAudit: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/audit/verify',
    permission: 'audit:read',
    summary: "Walk the tenant's hash chain and compare it with the log; name the first bad row",
    status: 200,
    response: auditVerificationSchema,
  }),
  getLineage: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/:id/lineage',
    permission: 'executions:read',
    summary: 'Ancestors, descendants (breadth first) and siblings',
    status: 200,
    params: idParams,
    query: z.strictObject({ depth: z.coerce.number().int().min(1).max(20).default(20) }),
    response: lineageViewSchema,
  }),
  getCorrelationChain: route({
    service: 'audit-service',
    method: 'GET',
    path: '/api/v1/executions/correlation/:id',
    permission: 'executions:read',
    summary: 'Executions that share a correlation id, by start',
    status: 200,
    params: z.strictObject({ id: correlationIdSchema }),
    query: z.strictObject({ limit: limit(100) }),
    response: correlationChainViewSchema,
  }),
} as const;
