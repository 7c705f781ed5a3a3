import { z } from 'zod';
import { attemptTokenSchema, executionIdSchema, instantSchema, sha256Schema, timerIdSchema } from './ids.ts';
import { jsonSchema } from './json.ts';

/**
 * Where the result of an execution goes once it has ended, and what becomes of it. A delivery is decided on the
 * execution's own log, after its terminal event: whoever reads the log sees whether the receiver has it.
 */

/** Ends that can be delivered; those without being asked for are the first two. */
export const DELIVERY_ENDS = ['succeeded', 'failed', 'cancelled', 'timed_out'] as const;
export type DeliveryEnd = (typeof DELIVERY_ENDS)[number];
export const DELIVERY_ENDS_PRESET: readonly DeliveryEnd[] = ['succeeded', 'failed'];

/** Of the definition, and of the start, each. */
export const DELIVERY_TARGETS_MAX = 10;
export const WEBHOOK_TIMEOUT_SECONDS_MAX = 60;

const targetText = z.string().min(1).max(2_048);
export const deliveryTargetSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('webhook'),
    url: targetText,
    /** `secret://<name>`: what the request is signed with. Absent: it is not signed. */
    secret: targetText.optional(),
    timeoutSeconds: z.int().min(1).max(WEBHOOK_TIMEOUT_SECONDS_MAX).optional(),
  }),
  /** Below the prefix that the tenant's results go to: `orders.done` is `tl.out.<tenant>.orders.done`. */
  z.strictObject({ type: z.literal('nats'), subject: targetText }),
  /** Below the tenant's folder; `{executionId}` stands for the execution's id. */
  z.strictObject({ type: z.literal('file'), path: targetText }),
]);
export type DeliveryTarget = z.infer<typeof deliveryTargetSchema>;

/** How often a delivery is tried, and how long it waits in between. */
const policyFields = {
  maxAttempts: z.int().min(1).max(50),
  intervalSeconds: z.number().min(0.05).max(86_400),
  backoffRate: z.number().min(1).max(10),
  maxDelaySeconds: z.number().min(0.05).max(86_400),
};
export const deliveryPolicySchema = z.strictObject(policyFields);
export type DeliveryPolicy = z.infer<typeof deliveryPolicySchema>;
export const DELIVERY_POLICY_PRESET: DeliveryPolicy = {
  maxAttempts: 8,
  intervalSeconds: 2,
  backoffRate: 2,
  maxDelaySeconds: 300,
};

/** What a start asks for; `Throughline.Delivery` of a machine says the same. */
export const deliveryRequestSchema = z.strictObject({
  on: z.array(z.enum(DELIVERY_ENDS)).min(1).max(DELIVERY_ENDS.length).optional(),
  targets: z.array(deliveryTargetSchema).min(1).max(DELIVERY_TARGETS_MAX),
  ...z.strictObject(policyFields).partial().shape,
});
export type DeliveryRequest = z.infer<typeof deliveryRequestSchema>;

/** One segment: a secret cannot be looked for anywhere but where the worker looks. */
const SECRET_REFERENCE = /^secret:\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;
export const secretName = (reference: string): string | undefined => SECRET_REFERENCE.exec(reference)?.[1];

/** No user and password: the URL stands on the log. No fragment: it would not be sent. */
const HOST = /^([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,31}|\[[0-9A-Fa-f:.]{2,45}\])$/;
const WEBHOOK_URL = /^https?:\/\/([^/?#:@[\]]+|\[[^\]]*\])(?::([0-9]{1,5}))?([/?][\x21\x22\x24-\x7e]*)?$/;
const PORT_MAX = 65_535;
const isWebhookUrl = (text: string): boolean => {
  const [, host, port = '1'] = WEBHOOK_URL.exec(text) ?? [];
  return host !== undefined && HOST.test(host) && Number(port) >= 1 && Number(port) <= PORT_MAX;
};

const SUBJECT = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,11}$/;
/** No segment starts with a dot, so none is `.` or `..`, or hidden. */
const PATH = /^(?!\/)(?:(?:^|\/)(?:\{executionId\}|[A-Za-z0-9_-])(?:\{executionId\}|[A-Za-z0-9._-])*){1,12}$/;
const PATH_CHARS_MAX = 512;

/** What is wrong with a target, in words; undefined where nothing is. */
export const problemOfTarget = (target: DeliveryTarget): string | undefined => {
  switch (target.type) {
    case 'webhook':
      if (!isWebhookUrl(target.url)) {
        return 'the URL has to be http or https, without user, password and fragment';
      }
      return target.secret === undefined || secretName(target.secret) !== undefined
        ? undefined
        : 'a secret is named secret://<name>, the name 1 to 128 of A-Z a-z 0-9 . _ -';
    case 'nats':
      return SUBJECT.test(target.subject)
        ? undefined
        : 'the subject is 1 to 12 tokens of A-Z a-z 0-9 _ -, without wildcards; it stands below tl.out.<tenant>';
    case 'file':
      return PATH.test(target.path) && target.path.length <= PATH_CHARS_MAX
        ? undefined
        : 'the path is relative, its segments of A-Z a-z 0-9 . _ - and {executionId}, none starting with a dot';
  }
};

/** The same of all targets; which one, and why. */
export const problemOfTargets = (targets: readonly DeliveryTarget[]): string | undefined => {
  for (const [i, target] of targets.entries()) {
    const problem = problemOfTarget(target);
    if (problem !== undefined) return `target ${i + 1} (${target.type}): ${problem}`;
  }
  return undefined;
};

/** `<commit version>.<event index>` of the `DeliveryScheduled`: unique per delivery of an execution. */
export const deliveryIdSchema = attemptTokenSchema;
export type DeliveryId = z.infer<typeof deliveryIdSchema>;

export const DELIVERY_CAUSE_CHARS_MAX = 2_048;
const attemptOf = {
  delivery: deliveryIdSchema,
  attempt: z.int().positive(),
  /** Both ends of the attempt as its worker saw them. */
  startedAt: instantSchema,
  finishedAt: instantSchema,
  worker: z.string().min(1).max(128),
};

export const deliveryCommandBodies = {
  CompleteDelivery: z.strictObject({
    ...attemptOf,
    /** What the receiver said: `HTTP 204`, the sequence in a stream, … */
    answer: z.string().max(256),
  }),
  FailDelivery: z.strictObject({
    ...attemptOf,
    error: z.string().min(1).max(256),
    cause: z.string().max(DELIVERY_CAUSE_CHARS_MAX),
    /** False: no later attempt could do better. */
    retryable: z.boolean(),
  }),
  /** Once more by hand: the delivery named, or all that have failed. */
  RetryDelivery: z.strictObject({ delivery: deliveryIdSchema.optional() }),
} as const;

/** Their errors and causes are those of the causing `FailDelivery`. */
export const deliveryEventSchemas = [
  /** The first attempt is made at once. */
  z.strictObject({
    type: z.literal('DeliveryScheduled'),
    target: deliveryTargetSchema,
    policy: deliveryPolicySchema,
    /** The same for every attempt: what a receiver knows a repeat by. */
    idempotencyKey: sha256Schema,
  }),
  /** Every attempt but the first. */
  z.strictObject({
    type: z.literal('DeliveryAttemptStarted'),
    delivery: deliveryIdSchema,
    attempt: z.int().positive(),
    /** Asked for by hand: as many attempts may follow as after a first one. */
    manual: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('DeliveryAttemptFailed'),
    delivery: deliveryIdSchema,
    attempt: z.int().positive(),
    /** The timer that the next attempt waits for; it follows as `TimerArmed`. */
    timer: timerIdSchema,
    nextAttemptAt: instantSchema,
  }),
  z.strictObject({
    type: z.literal('DeliverySucceeded'),
    delivery: deliveryIdSchema,
    attempt: z.int().positive(),
  }),
  /** For good: only by hand it is tried again. */
  z.strictObject({ type: z.literal('DeliveryFailed'), delivery: deliveryIdSchema, attempt: z.int().positive() }),
] as const;

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStateName = (typeof DELIVERY_STATES)[number];

/** What a receiver gets: the whole body of the webhook, the message, the file. The same for every attempt. */
export const deliveredResultSchema = z.strictObject({
  executionId: executionIdSchema,
  workflow: z.strictObject({ name: z.string(), version: z.int().positive() }),
  status: z.enum(DELIVERY_ENDS),
  /** Of a succeeded execution. */
  output: jsonSchema.optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  correlationId: z.string(),
  runId: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  startedAt: instantSchema,
  endedAt: instantSchema,
  /** sha256 of the RFC 8785 form of everything else in this body. */
  contentHash: sha256Schema,
});
