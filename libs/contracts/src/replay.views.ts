import { z } from 'zod';
import { actorSchema } from './commands.ts';
import { executionIdSchema, instantSchema } from './ids.ts';
import {
  REPLAY_KINDS,
  REPLAY_MODES,
  REPLAY_SCOPES,
  replayedStepSchema,
  replayProgressSchema,
  replayResultSchema,
} from './replay.messages.ts';

export const REPLAY_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type ReplayStatus = (typeof REPLAY_STATUSES)[number];

const asked = {
  id: z.string(),
  scope: z.enum(REPLAY_SCOPES),
  /** Null where the scope is `all`. */
  executionId: executionIdSchema.nullable(),
  kind: z.enum(REPLAY_KINDS),
  mode: z.enum(REPLAY_MODES),
  fromStep: replayedStepSchema.nullable(),
  live: z.boolean(),
  since: instantSchema.nullable(),
  /** When it was asked for. */
  at: instantSchema,
  by: actorSchema,
  /** How often it was begun: more than once where a process went away in the middle. */
  attempts: z.int().nonnegative(),
};

export const replaySessionViewSchema = z.discriminatedUnion('status', [
  z.strictObject({ ...asked, status: z.literal('pending') }),
  z.strictObject({
    ...asked,
    status: z.literal('running'),
    startedAt: instantSchema,
    progress: replayProgressSchema.nullable(),
  }),
  z.strictObject({
    ...asked,
    status: z.literal('completed'),
    startedAt: instantSchema,
    endedAt: instantSchema,
    result: replayResultSchema,
  }),
  z.strictObject({
    ...asked,
    status: z.literal('failed'),
    startedAt: instantSchema.nullable(),
    endedAt: instantSchema,
    error: z.strictObject({ code: z.string(), message: z.string() }),
  }),
]);
export type ReplaySessionView = z.infer<typeof replaySessionViewSchema>;
export type CompletedReplayView = Extract<ReplaySessionView, { status: 'completed' }>;
