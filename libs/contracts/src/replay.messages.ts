import { z } from 'zod';
import { executionIdSchema, instantSchema } from './ids.ts';
import { jsonSchema } from './json.ts';
import { frameIdSchema, stateNameSchema } from './names.ts';

/**
 * Commands and events of the `replay` aggregate: who asked for which comparison, and what came of it, is on the log like
 * everything else that was decided.
 */

/** `from_step` compares from the first entry of a step on, `failed_only` what concerns steps that failed. */
export const REPLAY_MODES = ['full', 'from_step', 'failed_only'] as const;
export type ReplayMode = (typeof REPLAY_MODES)[number];
/** `verify` decides again from recorded commands, and no step runs; `re-execute` runs steps anew, in an execution of its own. */
export const REPLAY_KINDS = ['verify', 're-execute'] as const;
export type ReplayKind = (typeof REPLAY_KINDS)[number];
export const REPLAY_SCOPES = ['execution', 'all'] as const;

/** A visit of a state: without `frame` the first one anywhere, without `visit` the first one there. */
export const replayedStepSchema = z.strictObject({
  state: stateNameSchema,
  frame: frameIdSchema.optional(),
  visit: z.int().positive().optional(),
});
export type ReplayedStep = z.infer<typeof replayedStepSchema>;

export const replayRequestSchema = z.discriminatedUnion('scope', [
  z.strictObject({
    scope: z.literal('execution'),
    executionId: executionIdSchema,
    kind: z.enum(REPLAY_KINDS),
    mode: z.enum(REPLAY_MODES),
    /** With `from_step`, and only there. */
    fromStep: replayedStepSchema.optional(),
    /** Of a re-execution: steps that are not pure may run too. */
    live: z.literal(true).optional(),
    /** With `live`: those of class `external` among them. */
    allowExternal: z.literal(true).optional(),
  }),
  /** Every aggregate of the tenant, up to the end of the log at the time of the request. */
  z.strictObject({
    scope: z.literal('all'),
    /** Only commits that were stored since then. */
    since: instantSchema.optional(),
  }),
]);
export type ReplayRequest = z.infer<typeof replayRequestSchema>;

export const divergenceSchema = z.strictObject({
  /** Version of the commit that differs, from 1. */
  commit: z.int().positive(),
  /** Index of the event in the commit; absent where the commit itself is wrong. */
  event: z.int().nonnegative().optional(),
  /** The visit that the event belongs to. */
  step: z.strictObject({ state: z.string(), frame: z.string(), visit: z.int().positive() }).optional(),
  /** RFC 6901, into the event (or, without one, into the commit). */
  pointer: z.string(),
  expected: jsonSchema,
  actual: jsonSchema,
  reason: z.string(),
});
export type Divergence = z.infer<typeof divergenceSchema>;

export const REPLAY_VERDICTS = ['identical', 'divergent'] as const;
export const replayVerdictSchema = z.strictObject({
  verdict: z.enum(REPLAY_VERDICTS),
  commits: z.int().nonnegative(),
  events: z.int().nonnegative(),
  matchPercent: z.number().min(0).max(100),
  firstDivergence: divergenceSchema.optional(),
});
export type ReplayVerdict = z.infer<typeof replayVerdictSchema>;

export const STEP_VERDICTS = ['identical', 'divergent', 'nondeterministic', 'skipped'] as const;
export const stepVerdictSchema = z.strictObject({
  state: z.string(),
  frame: z.string(),
  visit: z.int().positive(),
  /** `nondeterministic`: a handler that is declared pure answered one request in two ways. */
  verdict: z.enum(STEP_VERDICTS),
  /** Where it is not as expected: commit and pointer as in a divergence. */
  commit: z.int().positive().optional(),
  pointer: z.string().optional(),
  expected: jsonSchema.optional(),
  actual: jsonSchema.optional(),
});
export type StepVerdict = z.infer<typeof stepVerdictSchema>;

/** Steps that one result lists, and aggregates that one of scope `all` names. */
export const STEP_VERDICTS_MAX = 1_000;
export const NAMED_DIVERGENCES_MAX = 100;

/** What a session of scope `all` found, counted over everything that it looked at. */
export const logVerdictSchema = z.strictObject({
  /** Sequences of the log: from the first commit looked at to the end as of the request. */
  fromSeq: z.int().nonnegative(),
  toSeq: z.int().nonnegative(),
  /** By aggregate: how many there are, and how many of them are identical. */
  aggregates: z.record(z.string(), z.strictObject({ total: z.int(), identical: z.int(), commits: z.int() })),
  /** Commits that hold more than one command, and those of them with more than one actor. */
  mergedCommits: z.int().nonnegative(),
  mergedActors: z.int().nonnegative(),
  /** Records that this build cannot read. */
  unreadable: z.int().nonnegative(),
  /** The first ones. */
  divergent: z.array(
    z.strictObject({
      aggregate: z.string(),
      id: z.string(),
      seq: z.int(),
      firstDivergence: divergenceSchema.optional(),
      problem: z.string().optional(),
    }),
  ),
});
export type LogVerdict = z.infer<typeof logVerdictSchema>;

export const replayResultSchema = replayVerdictSchema.extend({
  /** The execution had not ended: what is said holds up to `atCommit`, its present commit. */
  running: z.literal(true).optional(),
  atCommit: z.int().nonnegative().optional(),
  /** By visit, in the order of their entries. */
  steps: z.array(stepVerdictSchema).max(STEP_VERDICTS_MAX).optional(),
  /** There are more steps than are listed. */
  truncated: z.literal(true).optional(),
  log: logVerdictSchema.optional(),
  /** The execution in which the steps ran again. */
  reExecution: executionIdSchema.optional(),
});
export type ReplayResult = z.infer<typeof replayResultSchema>;

export const replayProgressSchema = z.strictObject({ commits: z.int().nonnegative(), of: z.int().nonnegative() });
export type ReplayProgress = z.infer<typeof replayProgressSchema>;

/** The process that works on a session: nobody else's word counts until it is silent for `REPLAY_LEASE_MS`. */
const runner = z.string().min(1).max(64);
export const REPLAY_LEASE_MS = 20_000;
/** How often a session is begun before it has failed. */
export const REPLAY_ATTEMPTS_MAX = 3;

const errorCode = z.string().regex(/^TL\d{4}$/);
const errorMessage = z.string().max(2_048);

export const replayCommandBodies = {
  RequestReplay: replayRequestSchema,
  BeginReplay: z.strictObject({ runner }),
  /** Says that the runner is still at it. */
  RenewReplay: z.strictObject({ runner, progress: replayProgressSchema }),
  CompleteReplay: z.strictObject({ runner, result: replayResultSchema }),
  FailReplay: z.strictObject({ runner, code: errorCode, message: errorMessage }),
  /** A whole session in one commit: how sessions were recorded before they had a lifecycle. */
  RecordReplay: z.strictObject({ request: replayRequestSchema, result: replayResultSchema }),
} as const;

export const replayEventSchema = z.discriminatedUnion('type', [
  /** What is asked for: the causing command's body. */
  z.strictObject({ type: z.literal('ReplayRequested') }),
  z.strictObject({ type: z.literal('ReplayBegun'), attempt: z.int().positive() }),
  /** How far it is: the causing command's. */
  z.strictObject({ type: z.literal('ReplayProgressed') }),
  /** What was compared and found: the causing command's body. */
  z.strictObject({ type: z.literal('ReplayCompleted'), verdict: z.enum(REPLAY_VERDICTS) }),
  z.strictObject({ type: z.literal('ReplayFailed'), code: errorCode, message: errorMessage }),
]);
export type ReplayEvent = z.infer<typeof replayEventSchema>;
