import { DELIVERY_CAUSE_CHARS_MAX } from '@throughline/contracts';
import type { TargetOptions } from '../targets/target.ts';

/** What became of one attempt. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string; readonly retryable: boolean };

export const DELIVERY_ERRORS = {
  /** The configuration of this worker does not let the result go there. */
  refused: 'Throughline.DeliveryRefused',
  secretMissing: 'Throughline.SecretMissing',
  webhook: 'Throughline.WebhookFailed',
  /** It fails, and was not called. */
  unavailable: 'Throughline.TargetUnavailable',
  notAcknowledged: 'Throughline.NotAcknowledged',
  file: 'Throughline.FileNotWritten',
  crashed: 'Throughline.WorkerLost',
} as const;

const ANSWER_CHARS_MAX = 256;

export const delivered = (answer: string): DeliveryOutcome => ({
  kind: 'delivered',
  answer: answer.slice(0, ANSWER_CHARS_MAX),
});

/** The receiver does not like this one result; others it may take. */
const ONLY_THIS_ONE = /^HTTP (?!429|5)/;

/** That of the receiver: a secret that is missing here is not. */
export const deliveryFailure: TargetOptions['failureOf'] = (outcome) => {
  if (!('value' in outcome)) return undefined;
  const { kind, ...said } = outcome.value as DeliveryOutcome; // what these calls resolve with
  return kind === 'failed' &&
    'error' in said &&
    said.error === DELIVERY_ERRORS.webhook &&
    !ONLY_THIS_ONE.test(said.cause)
    ? { error: said.error, cause: said.cause }
    : undefined;
};

/** Worth another attempt. */
export const failed = (error: string, cause: string): DeliveryOutcome => ({
  kind: 'failed',
  error,
  cause: cause.slice(0, DELIVERY_CAUSE_CHARS_MAX),
  retryable: true,
});

/** No later attempt could do better. */
export const failedForGood = (error: string, cause: string): DeliveryOutcome => ({
  kind: 'failed',
  error,
  cause: cause.slice(0, DELIVERY_CAUSE_CHARS_MAX),
  retryable: false,
});
