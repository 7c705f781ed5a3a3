import { z } from 'zod';

/** Deny by default: a credential can do what it lists, and every route names exactly one of these. */
export const PERMISSIONS = [
  'workflows:read',
  'workflows:write',
  'executions:read',
  'executions:start',
  'executions:control',
  'settings:read',
  'settings:write',
  'approvals:decide',
  'tasks:report',
  'activities:poll',
  'schedules:read',
  'schedules:write',
  'dead-letters:read',
  'dead-letters:admin',
  'locks:read',
  'locks:admin',
  'replay:run',
  'replay:live',
  'audit:read',
  'telemetry:read',
  'read-models:admin',
] as const;
export const permissionSchema = z.enum(PERMISSIONS);
export type Permission = z.infer<typeof permissionSchema>;
