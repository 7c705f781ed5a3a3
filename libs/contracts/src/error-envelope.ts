import { z } from 'zod';
import { correlationIdSchema, executionIdSchema, instantSchema } from './ids.ts';

/** What went wrong, in one form wherever it happened: for people, for engineers, and what to do about it. */

export const ERROR_CATEGORIES = [
  'task',
  'timeout',
  'input',
  'definition',
  'permission',
  'dependency',
  'limit',
  'worker',
  'approval',
  'delivery',
  'cancelled',
] as const;
export type ErrorCategory = (typeof ERROR_CATEGORIES)[number];

/** `warning`: it goes on by itself. `critical`: somebody should look now. */
export const ERROR_SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type ErrorSeverity = (typeof ERROR_SEVERITIES)[number];

/** What each action asks for. A workflow may write its own words, or actions of its own. */
export const ACTION_TEXTS = {
  retry: 'Run the failed step again: retry the execution.',
  wait: 'Wait until the limit is over, then retry.',
  fix_input: 'Correct the input and start again.',
  fix_definition: 'Correct the definition, register it, and start again.',
  increase_timeout: 'Give the step or the execution more time.',
  check_dependency: 'Check the system that the step calls.',
  grant_permission: 'Grant the missing permission, then retry.',
  start_worker: 'Start a worker that has the handler, then retry.',
  reduce_data: 'Pass less data between the states, or a reference to it.',
  provide_secret: 'Put the secret where the step worker reads it, then deliver again.',
  approve: 'Ask for the approval again.',
  release_lock: 'See who holds the lock, and wait or release it.',
  requeue: 'Requeue the dead letter, or deliver again by hand.',
  contact_owner: 'Contact the owner of the workflow.',
} as const satisfies Readonly<Record<string, string>>;
export type ActionName = keyof typeof ACTION_TEXTS;

/** `<verb>_<what>`; a workflow may add its own. */
export const recommendedActionSchema = z.strictObject({
  action: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a-z 0-9 _'),
  text: z.string().min(1).max(500),
});
export type RecommendedAction = z.infer<typeof recommendedActionSchema>;

/**
 * What became of an error. `open`: nothing yet, or it ended the execution. `retrying`: another attempt waits or runs.
 * `retried`: the attempt after it failed too. `resolved_by_…`: what was done again went well. `caught`: a Catch took it.
 * `propagated`: it became the error of the state around. `tolerated`: a Map may have so many. `abandoned`: the execution was
 * ended before anything came of it.
 */
export const RESOLUTIONS = [
  'open',
  'retrying',
  'retried',
  'resolved_by_retry',
  'resolved_by_resume',
  'resolved_by_redrive',
  'caught',
  'propagated',
  'tolerated',
  'abandoned',
] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const errorEnvelopeSchema = z.strictObject({
  /** The error's name as Retry and Catch see it. */
  code: z.string(),
  category: z.enum(ERROR_CATEGORIES),
  severity: z.enum(ERROR_SEVERITIES),
  /** A sentence for people, without anything of the machinery. */
  human: z.string(),
  /** Name and cause as they were reported. */
  tech: z.string(),
  /** Whether the same may go well another time. */
  retryable: z.boolean(),
  /** Of the step or delivery; null of an execution. */
  attempt: z.int().nullable(),
  nextRetryAt: instantSchema.nullable(),
  correlationId: correlationIdSchema,
  recommendedActions: z.array(recommendedActionSchema),
  resolution: z.strictObject({ status: z.enum(RESOLUTIONS), at: instantSchema.nullable() }),
});
export type ErrorEnvelope = z.infer<typeof errorEnvelopeSchema>;

/** What a definition says of errors, beside what is known of them: `Throughline.RecommendedActions`. */
export const ERROR_RULES_MAX = 50;
export const errorRuleSchema = z.strictObject({
  /** Names; one that ends with `*` is a beginning. */
  errors: z.array(z.string().min(1).max(256)).min(1).max(50),
  actions: z.array(recommendedActionSchema).min(1).max(10),
  human: z.string().min(1).max(500).optional(),
  category: z.enum(ERROR_CATEGORIES).optional(),
  severity: z.enum(ERROR_SEVERITIES).optional(),
  retryable: z.boolean().optional(),
});
export type ErrorRule = z.infer<typeof errorRuleSchema>;

/** Every error of an execution, in the order that they happened. */
export const executionErrorsViewSchema = z.strictObject({
  executionId: executionIdSchema,
  /** What ended the execution; null where nothing did. */
  failure: errorEnvelopeSchema.nullable(),
  items: z.array(
    z.strictObject({
      /** `<version>.<index>` of the event that tells of it. */
      id: z.string(),
      at: instantSchema,
      of: z.enum(['step', 'execution', 'delivery']),
      state: z.string().nullable(),
      frame: z.string().nullable(),
      visit: z.int().nullable(),
      error: errorEnvelopeSchema,
    }),
  ),
  /** True where there were more than are shown; the latest are. */
  truncated: z.boolean(),
});
export type ExecutionErrorsView = z.infer<typeof executionErrorsViewSchema>;
