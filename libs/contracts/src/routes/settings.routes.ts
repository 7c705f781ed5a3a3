import { z } from 'zod';
import { timeoutPolicyViewSchema } from '../settings.views.ts';
import { actionClassSchema, slaClassSchema, timeoutPolicySchema } from '../timeout-policy.ts';
import { route } from './route.ts';

const classes = z.strictObject({ slaClass: slaClassSchema, actionClass: actionClassSchema });

export const settingsRoutes = {
  listTimeoutPolicies: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/settings/timeout-policies',
    permission: 'settings:read',
    summary: 'The nine timeout policies: by SLA class and action class, set or default',
    status: 200,
    response: z.strictObject({ items: z.array(timeoutPolicyViewSchema) }),
  }),
  setTimeoutPolicy: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/settings/timeout-policies/:slaClass/:actionClass',
    permission: 'settings:write',
    summary: 'Set some or all times of a policy; executions that run keep those that they started with',
    status: 200,
    params: classes,
    body: timeoutPolicySchema
      .partial()
      .refine((times) => Object.keys(times).length > 0, { error: 'name at least one time' }),
    response: timeoutPolicyViewSchema,
  }),
  resetTimeoutPolicy: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/settings/timeout-policies/:slaClass/:actionClass/reset',
    permission: 'settings:write',
    summary: 'Back to the default',
    status: 200,
    params: classes,
    body: z.strictObject({}),
    response: timeoutPolicyViewSchema,
  }),
} as const;
