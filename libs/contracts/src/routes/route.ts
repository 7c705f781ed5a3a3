import { z } from 'zod';
import { workflowNameSchema } from '../names.ts';
import { executionIdSchema } from '../ids.ts';
import type { Permission } from '../permissions.ts';

/** What a route is, and the parts that many routes share. */

export const SERVICES = [
  'orchestrator',
  'step-worker',
  'replay-service',
  'audit-service',
  'telemetry-ingestor',
] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Route {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Fastify syntax: `:id` is a path parameter. */
  readonly path: `/api/v1/${string}`;
  readonly permission: Permission;
  readonly summary: string;
  readonly status: 200 | 201;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** Answers with server-sent events of `response`. */
  readonly stream?: true;
}
export const route = <const R extends Route>(definition: R): R => definition;

export const PAGE_MAX = 500;
export const limit = (preset: number) => z.coerce.number().int().min(1).max(PAGE_MAX).default(preset);
export const cursor = z.string().max(128).optional();
export const idParams = z.strictObject({ id: executionIdSchema });
export const nameParams = z.strictObject({ name: workflowNameSchema });
