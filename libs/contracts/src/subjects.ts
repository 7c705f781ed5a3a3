import {
  aggregateIdSchema,
  aggregateSchema,
  type AggregateRef,
  type Aggregate,
  type Origin,
  originSchema,
  type Queue,
  SUBJECT_TOKEN,
  type Tenant,
  tenantSchema,
  type TimerId,
  timerIdSchema,
} from './ids.ts';
import { type Priority, prioritySchema } from './priority.ts';
import { PARTITIONS_MAX } from './streams.ts';
import { TASK_REPORTS, type TaskReportKind } from './task-tokens.messages.ts';

/**
 * Every subject is built and taken apart here and nowhere else. Builders check each token again although the types
 * are branded: a cast elsewhere must not become a wildcard on the wire.
 */
const join = (...tokens: readonly string[]): string => {
  for (const token of tokens) {
    if (!SUBJECT_TOKEN.test(token)) throw new Error(`not a subject token: ${JSON.stringify(token)}`);
  }
  return `tl.${tokens.join('.')}`;
};

export const logSubject = (ref: AggregateRef): string => join('log', ref.tenant, ref.aggregate, ref.aggregateId);

/** What senders publish to; the stream's transform stores it as `tl.cmd.<partition>.<origin>.<tenant>.<aggregate>.<id>`. */
export const commandSubject = (origin: Origin, ref: AggregateRef): string =>
  join('in', origin, ref.tenant, ref.aggregate, ref.aggregateId);

export const taskSubject = (queue: Queue, priority: Priority, tenant: Tenant): string =>
  join('task', queue, priority, tenant);

/** Says that a task was published there. Core NATS: no stream keeps it, and who misses it looks for itself. */
export const taskAnnouncementSubject = (queue: Queue, priority: Priority, tenant: Tenant): string =>
  join('new', queue, priority, tenant);

/** Asks the workers of a queue which handlers they have. Core NATS: who is not there does not answer. */
export const workerPresenceSubject = (queue: Queue): string => join('worker', queue);

/** A timer's schedule lives on its own subject; when it fires, the server copies its body to the due subject. */
export const timerSubject = (ref: AggregateRef, timer: TimerId): string =>
  join('timer', ref.tenant, ref.aggregate, ref.aggregateId, timer);
export const dueSubject = (ref: AggregateRef, timer: TimerId): string =>
  join('due', ref.tenant, ref.aggregate, ref.aggregateId, timer);

/** Who works on a part of what several processes share, and which processes there are. */
export const leaseSubject = (group: string, part: string): string => join('lease', group, part);

export const TELEMETRY_KINDS = ['log', 'interaction', 'decision', 'metric'] as const;
export type TelemetryKind = (typeof TELEMETRY_KINDS)[number];
export const telemetrySubject = (tenant: Tenant, kind: TelemetryKind): string => join('tel', tenant, kind);

/** The tenant is `unknown` where the poison message's own subject did not name one. */
export const deadSubject = (stream: string, tenant: Tenant): string => join('dead', stream, tenant);

/** Core NATS requests of holders of task tokens, answered after the commit; no stream keeps them. */
export const taskTokenSubject = (tenant: Tenant, report: TaskReportKind): string => join('token', tenant, report);

/** Tells every worker that hears it to end what it runs of an execution. Core NATS: who misses it hears of it when it reports. */
export const abortSubject = (tenant: Tenant, executionId: string): string => join('abort', tenant, executionId);

/** A question to the orchestrators: `RecentExecutionsRequest`. */
export const recentExecutionsSubject = (tenant: Tenant): string => join('recent', tenant);

/** Filters and stream bindings: the only subjects with wildcards. */
export const SUBJECT_FILTERS = {
  log: 'tl.log.*.*.*',
  logOfAggregate: (aggregate: Aggregate): string => `tl.log.*.${aggregateSchema.parse(aggregate)}.*`,
  logOfTenant: (tenant: Tenant): string => `${join('log', tenant)}.*.*`,
  commandsIn: 'tl.in.*.*.*.*',
  commandsStored: 'tl.cmd.*.*.*.*.*',
  commandsOfPartition: (partition: number): string => `tl.cmd.${partition}.*.*.*.*`,
  tasks: 'tl.task.*.*.*',
  tasksOfQueue: (queue: Queue): string => `${join('task', queue)}.*.*`,
  tasksOfQueueAndTenant: (queue: Queue, tenant: Tenant): string =>
    `${join('task', queue)}.*.${tenantSchema.parse(tenant)}`,
  taskAnnouncements: (queue: Queue): string => `${join('new', queue)}.*.*`,
  timers: 'tl.timer.*.*.*.*',
  due: 'tl.due.*.*.*.*',
  fired: 'tl.fired.*.*.*.*.*',
  /** What became due is stored under its partition, whatever the number of partitions was. */
  firedOf: (ref: AggregateRef, timer: TimerId): string =>
    `tl.fired.*.${dueSubject(ref, timer).slice('tl.due.'.length)}`,
  dueOfPartition: (partition: number): string => `tl.fired.${partition}.*.*.*.*`,
  leases: 'tl.lease.*.*',
  leasesOf: (group: string): string => `${join('lease', group)}.*`,
  telemetry: 'tl.tel.*.*',
  dead: 'tl.dead.*.*',
  deadOfTenant: (tenant: Tenant): string => `tl.dead.*.${tenantSchema.parse(tenant)}`,
  taskTokens: 'tl.token.*.*',
  aborts: 'tl.abort.*.*',
  recentExecutions: 'tl.recent.*',
} as const;

/** `{{partition(P,4)}}` hashes the fourth wildcard of `tl.in.*.*.*.*`, the aggregate id: the wrong index sends all to one. */
export const commandTransform = (partitions: number): { src: string; dest: string } => ({
  src: SUBJECT_FILTERS.commandsIn,
  dest: `tl.cmd.{{partition(${partitions},4)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}.{{wildcard(4)}}`,
});

/** A timer that fires is stored by its aggregate's partition, as a command to that aggregate is. */
export const dueTransform = (partitions: number): { src: string; dest: string } => ({
  src: SUBJECT_FILTERS.due,
  dest: `tl.fired.{{partition(${partitions},3)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}.{{wildcard(4)}}`,
});

/** How many partitions a stream's transform deals out to; undefined where it is none of ours. */
export const partitionsIn = (transform: { readonly dest: string } | undefined): number | undefined => {
  const count = Number(/\{\{partition\((\d+),\d+\)\}\}/.exec(transform?.dest ?? '')?.[1]);
  return Number.isInteger(count) && count >= 1 && count <= PARTITIONS_MAX ? count : undefined;
};

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** As the server's transforms count it: FNV-1a of the aggregate's id. Ids are ASCII, so characters are bytes. */
export const partitionOf = ({ aggregateId }: Pick<AggregateRef, 'aggregateId'>, partitions: number): number => {
  let hash = FNV_OFFSET;
  for (let index = 0; index < aggregateId.length; index += 1) {
    hash = Math.imul(hash ^ aggregateId.charCodeAt(index), FNV_PRIME) >>> 0;
  }
  return hash % partitions;
};

const refOf = (tenant?: string, aggregate?: string, aggregateId?: string): AggregateRef | undefined => {
  const t = tenantSchema.safeParse(tenant);
  const a = aggregateSchema.safeParse(aggregate);
  const i = aggregateIdSchema.safeParse(aggregateId);
  return t.success && a.success && i.success ? { tenant: t.data, aggregate: a.data, aggregateId: i.data } : undefined;
};

const tokensOf = (subject: string, kind: string, count: number): readonly string[] | undefined => {
  const tokens = subject.split('.');
  return tokens.length === count && tokens[0] === 'tl' && tokens[1] === kind ? tokens : undefined;
};

export const parseLogSubject = (subject: string): AggregateRef | undefined => {
  const tokens = tokensOf(subject, 'log', 5);
  return tokens && refOf(tokens[2], tokens[3], tokens[4]);
};

/** Takes the sent form (`tl.in.…`) and the stored one (`tl.cmd.<partition>.…`). */
export const parseCommandSubject = (subject: string): { origin: Origin; ref: AggregateRef } | undefined => {
  const stored = tokensOf(subject, 'cmd', 7);
  const tokens = stored ? [stored[0], stored[1], ...stored.slice(3)] : tokensOf(subject, 'in', 6);
  if (!tokens) return undefined;
  const origin = originSchema.safeParse(tokens[2]);
  const ref = refOf(tokens[3], tokens[4], tokens[5]);
  return origin.success && ref ? { origin: origin.data, ref } : undefined;
};

const parseSource = (kind: string, subject: string): { priority: Priority; tenant: Tenant } | undefined => {
  const tokens = tokensOf(subject, kind, 5);
  const priority = prioritySchema.safeParse(tokens?.[3]);
  const tenant = tenantSchema.safeParse(tokens?.[4]);
  return priority.success && tenant.success ? { priority: priority.data, tenant: tenant.data } : undefined;
};

export const parseTaskSubject = (subject: string) => parseSource('task', subject);
export const parseTaskAnnouncement = (subject: string) => parseSource('new', subject);

/** Takes what a timer is aimed at (`tl.due.…`) and the stored form (`tl.fired.<partition>.…`). */
export const parseDueSubject = (subject: string): { ref: AggregateRef; timer: TimerId } | undefined => {
  const stored = tokensOf(subject, 'fired', 7);
  const tokens = stored ? [stored[0], stored[1], ...stored.slice(3)] : tokensOf(subject, 'due', 6);
  if (!tokens) return undefined;
  const ref = refOf(tokens[2], tokens[3], tokens[4]);
  const timer = timerIdSchema.safeParse(tokens[5]);
  return ref && timer.success ? { ref, timer: timer.data } : undefined;
};

export const parseTaskTokenSubject = (subject: string): { tenant: Tenant; report: TaskReportKind } | undefined => {
  const tokens = tokensOf(subject, 'token', 4);
  const tenant = tenantSchema.safeParse(tokens?.[2]);
  const report = TASK_REPORTS.find((kind) => kind === tokens?.[3]);
  return tenant.success && report ? { tenant: tenant.data, report } : undefined;
};

export const parseRecentExecutionsSubject = (subject: string): Tenant | undefined => {
  const tenant = tenantSchema.safeParse(tokensOf(subject, 'recent', 3)?.[2]);
  return tenant.success ? tenant.data : undefined;
};

/** The tenant that a subject of any family names, for dead-lettering what could not be parsed. */
export const tenantOfSubject = (subject: string): Tenant => {
  const tokens = subject.split('.');
  const at: Record<string, number> = { log: 2, in: 3, cmd: 4, task: 4, timer: 2, due: 2, fired: 3, tel: 2, dead: 3 };
  const tenant = tenantSchema.safeParse(tokens[at[tokens[1] ?? ''] ?? -1]);
  return tenant.success ? tenant.data : tenantSchema.parse('unknown');
};

export const executionRef = (tenant: Tenant, executionId: string): AggregateRef => ({
  tenant,
  aggregate: 'execution',
  aggregateId: aggregateIdSchema.parse(executionId),
});
