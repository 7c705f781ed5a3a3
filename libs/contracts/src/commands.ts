import { z } from 'zod';
import { executionCommandBodies } from './execution.commands.ts';
import { commandIdSchema, correlationIdSchema, instantSchema, traceparentSchema } from './ids.ts';
import { lockCommandBodies } from './lock.messages.ts';
import { replayCommandBodies } from './replay.messages.ts';
import { tenantCommandBodies } from './tenant.messages.ts';
import { scheduleCommandBodies } from './schedule.messages.ts';
import { workflowCommandBodies } from './workflow.messages.ts';

/** The two forms of a command: as sent (subject + this body), and as a commit records it. */

export const ACTOR_KINDS = ['user', 'service', 'worker', 'system'] as const;
export const actorSchema = z.strictObject({ kind: z.enum(ACTOR_KINDS), id: z.string().min(1).max(128) });
export type Actor = z.infer<typeof actorSchema>;

type Bodies = Readonly<Record<string, z.ZodType>>;
type CommandOf<B extends Bodies> = { [T in keyof B]: { type: T; body: z.infer<B[T]> } }[keyof B];

const commandUnion = <B extends Bodies, E extends z.ZodRawShape>(
  bodies: B,
  envelope: E,
): z.ZodType<CommandOf<B> & z.infer<z.ZodObject<E>>> => {
  const members = Object.entries(bodies).map(([type, body]) =>
    z.strictObject({ ...envelope, type: z.literal(type), body }),
  );
  // The cast states what the loop built: one strict member per entry of `bodies`; zod cannot type a computed union.
  return z.discriminatedUnion('type', members as unknown as [(typeof members)[number]]) as unknown as z.ZodType<
    CommandOf<B> & z.infer<z.ZodObject<E>>
  >;
};

export const COMMAND_VERSION = 1;

/** Replies go to inboxes only: a command must not make the engine publish to any other subject. */
export const replySubjectSchema = z.string().regex(/^_INBOX(\.[A-Za-z0-9_-]{1,64}){1,4}$/);

const sent = {
  v: z.literal(COMMAND_VERSION),
  /** Chosen by the sender and kept over its repeats: a command is decided once per id. */
  id: commandIdSchema,
  actor: actorSchema,
  causationId: z.string().max(128).optional(),
  traceparent: traceparentSchema.optional(),
  replyTo: replySubjectSchema.optional(),
};

/** A command as the log keeps it: everything that decide may look at, so deciding again needs nothing else. */
const recorded = {
  id: commandIdSchema,
  /** Recorded input: the broker's timestamp, clamped never to go back within the aggregate. */
  at: instantSchema,
  actor: actorSchema,
  causationId: z.string().max(128).optional(),
  /** The span that decided; effects continue it. */
  traceparent: traceparentSchema.optional(),
  /** First 32 hex digits of sha256(aggregate id, version, command index): the only randomness that decide has. */
  seed: z.string().regex(/^[0-9a-f]{32}$/),
  /** Its events are the next n of the commit's. */
  events: z.int().nonnegative(),
};
type Recorded = z.infer<z.ZodObject<typeof recorded>>;
type Sent = z.infer<z.ZodObject<typeof sent>>;

export type ExecutionCommand = CommandOf<typeof executionCommandBodies>;
export type WorkflowCommand = CommandOf<typeof workflowCommandBodies>;
export type ReplayCommand = CommandOf<typeof replayCommandBodies>;
export type TenantCommand = CommandOf<typeof tenantCommandBodies>;
export type ScheduleCommand = CommandOf<typeof scheduleCommandBodies>;
export type LockCommand = CommandOf<typeof lockCommandBodies>;
export type Command =
  ExecutionCommand | WorkflowCommand | ReplayCommand | TenantCommand | ScheduleCommand | LockCommand;
export type CommandType = Command['type'];

export type SentCommand = Sent & Command;
export type RecordedExecutionCommand = Recorded & ExecutionCommand;
export type RecordedWorkflowCommand = Recorded & WorkflowCommand;
export type RecordedReplayCommand = Recorded & ReplayCommand;
export type RecordedTenantCommand = Recorded & TenantCommand;
export type RecordedScheduleCommand = Recorded & ScheduleCommand;
export type RecordedLockCommand = Recorded & LockCommand;

/** By aggregate, so that a command sent to the wrong aggregate's subject does not parse. */
export const sentCommandSchemas = {
  execution: commandUnion(executionCommandBodies, sent),
  workflow: commandUnion(workflowCommandBodies, sent),
  replay: commandUnion(replayCommandBodies, sent),
  tenant: commandUnion(tenantCommandBodies, sent),
  schedule: commandUnion(scheduleCommandBodies, sent),
  lock: commandUnion(lockCommandBodies, sent),
} as const;
export type DecidedAggregate = keyof typeof sentCommandSchemas;
export const isDecidedAggregate = (aggregate: string): aggregate is DecidedAggregate => aggregate in sentCommandSchemas;

export const recordedCommandSchemas = {
  execution: commandUnion(executionCommandBodies, recorded),
  workflow: commandUnion(workflowCommandBodies, recorded),
  replay: commandUnion(replayCommandBodies, recorded),
  tenant: commandUnion(tenantCommandBodies, recorded),
  schedule: commandUnion(scheduleCommandBodies, recorded),
  lock: commandUnion(lockCommandBodies, recorded),
} as const;

/** Which origins may send what; a worker's credential cannot start or cancel, a client's cannot report results. */
export const COMMAND_ORIGINS: Readonly<Record<CommandType, readonly ('client' | 'worker' | 'system')[]>> = {
  StartExecution: ['client', 'system'],
  CancelExecution: ['client', 'system'],
  PauseExecution: ['client', 'system'],
  ResumeExecution: ['client', 'system'],
  RetryExecution: ['client', 'system'],
  RedriveExecution: ['client', 'system'],
  TerminateExecution: ['client', 'system'],
  SignalExecution: ['client', 'system'],
  AnnotateExecution: ['client', 'system'],
  // The service that has checked that the version decides as the other one did.
  MigrateExecution: ['system'],
  // Who has which role says the service that has checked the credential.
  DecideApproval: ['system'],
  CompleteStep: ['worker'],
  FailStep: ['worker'],
  DeferStep: ['worker'],
  CompleteCallback: ['system'],
  FailCallback: ['system'],
  RecordChildStart: ['system'],
  CompleteChild: ['system'],
  FailChild: ['system'],
  ReportToParent: ['system'],
  RecordLockGrant: ['system'],
  FailLock: ['system'],
  AcquireLock: ['system'],
  ReleaseLock: ['system'],
  RenewLock: ['system'],
  ForceReleaseLock: ['client', 'system'],
  RecordHeartbeat: ['worker', 'system'],
  FireTimer: ['system'],
  ContinueExecution: ['system'],
  AnswerFromRecord: ['system'],
  CompleteDelivery: ['worker'],
  FailDelivery: ['worker'],
  RetryDelivery: ['client', 'system'],
  RegisterWorkflow: ['client', 'system'],
  RequestReplay: ['system'],
  BeginReplay: ['system'],
  RenewReplay: ['system'],
  CompleteReplay: ['system'],
  FailReplay: ['system'],
  RecordReplay: ['system'],
  SetTimeoutPolicy: ['client'],
  ResetTimeoutPolicy: ['client'],
  RequeueDeadLetter: ['system'],
  DiscardDeadLetter: ['system'],
  PutSchedule: ['client', 'system'],
  PauseSchedule: ['client', 'system'],
  ResumeSchedule: ['client', 'system'],
  DeleteSchedule: ['client', 'system'],
  TriggerSchedule: ['client', 'system'],
  FireSchedule: ['system'],
  RecordScheduledRun: ['system'],
};

export const refusalSchema = z.strictObject({
  /** `TL0042`; what it means and what to do: docs/errors/TL0042.md. */
  code: z.string().regex(/^TL\d{4}$/),
  message: z.string(),
  details: z.unknown().optional(),
});
export type Refusal = z.infer<typeof refusalSchema>;

/** What a command's sender hears, always after the commit's ack. */
export const commandAnswerSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    v: z.literal(1),
    outcome: z.literal('accepted'),
    commandId: commandIdSchema,
    aggregateId: z.string(),
    /** Of the commit that holds the command: the same in every answer to it. */
    version: z.int().positive(),
    /** Log sequence of the aggregate's last commit: the command's own, or where it is a repeat that or a later one. */
    seq: z.int().positive(),
    /** True where an earlier send of the same command had been committed already. */
    duplicate: z.boolean(),
    correlationId: correlationIdSchema.optional(),
  }),
  z.strictObject({
    v: z.literal(1),
    outcome: z.literal('refused'),
    commandId: commandIdSchema.optional(),
    refusal: refusalSchema,
  }),
]);
export type CommandAnswer = z.infer<typeof commandAnswerSchema>;
