import { z } from 'zod';
import { effectClassSchema } from './effect-class.ts';
import { attemptTokenSchema, executionIdSchema, instantSchema, type Queue, sha256Schema } from './ids.ts';
import { jsonPatchSchema } from './json-patch.ts';
import { jsonSchema } from './json.ts';
import { causeSchema, errorNameSchema, executionNameSchema, frameIdSchema, stateNameSchema } from './names.ts';

/** Executions made of another one's record: forks go on from a commit of it, replays do it again. */

/** Read by the replay service alone; what a Task state puts there is answered by nobody. */
export const RECORD_QUEUE = 'tl-record' as Queue; // a subject token

/** Who answers a step: the record of the original, or whoever runs such steps. */
const answeredBySchema = z.enum(['record', 'worker']);

/** What becomes of a step that the record does not answer: the end, a review, or from there on an execution like any other. */
export const UNANSWERED = ['fail', 'review', 'go-live'] as const;

export const FORK_PATCH_OPERATIONS_MAX = 1_000;

export const recordOriginSchema = z.strictObject({
  executionId: executionIdSchema,
  /** The commit that it goes on from; 0: it begins anew. */
  at: z.int().nonnegative(),
  /** Of the original's state there. */
  stateHash: sha256Schema.optional(),
  /** What the context object says of the execution while the record answers: what the original was told. */
  name: executionNameSchema,
  startedAt: instantSchema,
  answeredBy: z.strictObject({ pure: answeredBySchema, idempotent: answeredBySchema, external: answeredBySchema }),
  /** Only steps of these states are run by workers. Absent: all that `answeredBy` names. */
  only: z.array(stateNameSchema).max(1_000).optional(),
  /** Of states whose class the handler has declared, and not the definition. */
  effectClasses: z.record(stateNameSchema, effectClassSchema).optional(),
  unanswered: z.enum(UNANSWERED),
  /** The part of the original's state that it goes on from, with the patch in it. Absent where it begins anew. */
  base: z
    .strictObject({ frames: jsonSchema, statesLeft: z.array(stateNameSchema), historyEventId: z.int().nonnegative() })
    .optional(),
  /** What was changed in the payload of which frame. */
  patch: jsonPatchSchema.max(FORK_PATCH_OPERATIONS_MAX).optional(),
  patchedFrame: frameIdSchema.optional(),
});
export type RecordOrigin = z.infer<typeof recordOriginSchema>;

/** What the record says of a step. `source` is the original's attempt. */
export const answerFromRecordSchema = z.discriminatedUnion('how', [
  z.strictObject({
    how: z.literal('succeeded'),
    token: attemptTokenSchema,
    source: attemptTokenSchema,
    output: jsonSchema,
    /** sha256 of the RFC 8785 form of `output`. */
    outputHash: sha256Schema,
  }),
  z.strictObject({
    how: z.literal('failed'),
    token: attemptTokenSchema,
    source: attemptTokenSchema,
    error: errorNameSchema.optional(),
    cause: causeSchema.optional(),
  }),
  z.strictObject({
    how: z.literal('timed-out'),
    token: attemptTokenSchema,
    source: attemptTokenSchema,
    kind: z.enum(['timeout', 'heartbeat']),
  }),
  z.strictObject({
    how: z.literal('not-at-all'),
    token: attemptTokenSchema,
    /** The attempt that was made with another request, where there is one. */
    source: attemptTokenSchema.optional(),
    why: z.enum(['never-called', 'another-request', 'no-answer']),
  }),
]);
export type AnswerFromRecord = z.infer<typeof answerFromRecordSchema>;

export const derivedCommandBodies = { AnswerFromRecord: answerFromRecordSchema } as const;

export const derivedEvents = [
  /** It is made of another execution's record: of which, and how, says the start. */
  z.strictObject({ type: z.literal('OriginAdopted'), origin: executionIdSchema, at: z.int().nonnegative() }),
  /** The record does not answer the attempt: from here on steps are run by workers, this one first. */
  z.strictObject({ type: z.literal('StepReleased'), token: attemptTokenSchema }),
] as const;
