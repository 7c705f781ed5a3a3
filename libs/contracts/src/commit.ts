import { z } from 'zod';
import { recordedCommandSchemas } from './commands.ts';
import { executionEventSchema } from './execution.events.ts';
import {
  type Aggregate,
  aggregateIdSchema,
  commandIdSchema,
  correlationIdSchema,
  sha256Schema,
  tenantSchema,
} from './ids.ts';
import { lockEventSchema } from './lock.messages.ts';
import { replayEventSchema } from './replay.messages.ts';
import { tenantEventSchema } from './tenant.messages.ts';
import { scheduleEventSchema } from './schedule.messages.ts';
import { upcastCommit } from './upcast/upcast-commit.ts';
import { workflowEventSchema } from './workflow.messages.ts';

/** One decision round = one message on the aggregate's subject: atomic without any batch. */

/** The form in which commits are written, by aggregate: an older build goes on reading those of the others. */
export const COMMIT_VERSIONS = {
  execution: 1,
  workflow: 1,
  replay: 2,
  tenant: 1,
  schedule: 1,
  lock: 1,
} as const satisfies Record<Aggregate, number>;
/** The behaviour of decide and the evaluators that new aggregates are pinned to. */
export const RULES_VERSION = 1;

const envelope = {
  /** Random: names this append, so a lost ack can be told from somebody else's commit. */
  id: commandIdSchema,
  tenant: tenantSchema,
  aggregateId: aggregateIdSchema,
  /** 1 for the first commit of the aggregate, then one more each. */
  version: z.int().positive(),
  /** Stream sequence of the aggregate's commit before; 0 for the first. The fence. */
  prevSeq: z.int().nonnegative(),
  rules: z.int().positive(),
  correlationId: correlationIdSchema,
};
/** sha256 over the commit's own JSON without this last field: any flipped byte shows. */
const digest = { digest: sha256Schema };

export const executionCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.execution),
  ...envelope,
  aggregate: z.literal('execution'),
  /** In the order decided; each command's events are the next `events` of the list below. */
  commands: z.array(recordedCommandSchemas.execution).min(1),
  events: z.array(executionEventSchema),
  ...digest,
});
export const workflowCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.workflow),
  ...envelope,
  aggregate: z.literal('workflow'),
  commands: z.array(recordedCommandSchemas.workflow).min(1),
  events: z.array(workflowEventSchema),
  ...digest,
});
export const replayCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.replay),
  ...envelope,
  aggregate: z.literal('replay'),
  commands: z.array(recordedCommandSchemas.replay).min(1),
  events: z.array(replayEventSchema),
  ...digest,
});

export const tenantCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.tenant),
  ...envelope,
  aggregate: z.literal('tenant'),
  commands: z.array(recordedCommandSchemas.tenant).min(1),
  events: z.array(tenantEventSchema),
  ...digest,
});
export const lockCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.lock),
  ...envelope,
  aggregate: z.literal('lock'),
  commands: z.array(recordedCommandSchemas.lock).min(1),
  events: z.array(lockEventSchema),
  ...digest,
});

export const scheduleCommitSchema = z.strictObject({
  v: z.literal(COMMIT_VERSIONS.schedule),
  ...envelope,
  aggregate: z.literal('schedule'),
  commands: z.array(recordedCommandSchemas.schedule).min(1),
  events: z.array(scheduleEventSchema),
  ...digest,
});

export const commitSchema = z.discriminatedUnion('aggregate', [
  executionCommitSchema,
  workflowCommitSchema,
  replayCommitSchema,
  tenantCommitSchema,
  scheduleCommitSchema,
  lockCommitSchema,
]);
export type ExecutionCommit = z.infer<typeof executionCommitSchema>;
export type WorkflowCommit = z.infer<typeof workflowCommitSchema>;
export type ReplayCommit = z.infer<typeof replayCommitSchema>;
export type TenantCommit = z.infer<typeof tenantCommitSchema>;
export type ScheduleCommit = z.infer<typeof scheduleCommitSchema>;
export type LockCommit = z.infer<typeof lockCommitSchema>;
export type Commit = z.infer<typeof commitSchema>;

type Undigested<C> = C extends Commit ? Omit<C, 'digest'> : never;
/** A commit before its digest is known; `libs/event-log` computes it over exactly the bytes that it appends. */
export type CommitDraft = Undigested<Commit>;

export type CommitParse<C extends Commit = Commit> =
  /** `asWritten`: what stands on the log, where an older build wrote it in an older form. The digest is over that. */
  | { kind: 'commit'; commit: C; asWritten?: unknown }
  | { kind: 'unknown-version'; version: unknown }
  | { kind: 'malformed'; problem: string };

const eventsSchemas = {
  execution: executionCommitSchema.shape.events,
  workflow: workflowCommitSchema.shape.events,
  replay: replayCommitSchema.shape.events,
  tenant: tenantCommitSchema.shape.events,
  schedule: scheduleCommitSchema.shape.events,
  lock: lockCommitSchema.shape.events,
};

/**
 * What every reader of the log would object to in the events of a commit that is to be appended; undefined where they can
 * read them. Its commands were parsed when they came.
 */
export const problemOfEvents = ({ aggregate, events }: CommitDraft): string | undefined => {
  const parsed = eventsSchemas[aggregate].safeParse(events);
  return parsed.success ? undefined : z.prettifyError(parsed.error);
};

/**
 * Parses a commit that came off the log, and brings one of an older form to today's. A value, not a throw: a reader
 * decides whether one bad record stops it.
 */
export const parseCommit = (json: unknown): CommitParse => {
  if (typeof json !== 'object' || json === null) return { kind: 'malformed', problem: 'not a JSON object' };
  const upcast = upcastCommit(json, COMMIT_VERSIONS);
  if (upcast.kind !== 'commit') return upcast;
  const parsed = commitSchema.safeParse(upcast.json);
  if (!parsed.success) return { kind: 'malformed', problem: z.prettifyError(parsed.error) };
  return upcast.json === json
    ? { kind: 'commit', commit: parsed.data }
    : { kind: 'commit', commit: parsed.data, asWritten: json };
};
