import { DELIVERY_CAUSE_CHARS_MAX } from '@throughline/contracts';

/** What became of one attempt. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string; readonly retryable: boolean };

export const DELIVERY_ERRORS = {
  /** The configuration of this worker does not let the result go there. */
  refused: 'Throughline.DeliveryRefused',
  secretMissing: 'Throughline.SecretMissing',
  webhook: 'Throughline.WebhookFailed',
  notAcknowledged: 'Throughline.NotAcknowledged',
  file: 'Throughline.FileNotWritten',
  crashed: 'Throughline.WorkerLost',
} as const;

const ANSWER_CHARS_MAX = 256;

export const delivered = (answer: string): DeliveryOutcome => ({
  kind: 'delivered',
  answer: answer.slice(0, ANSWER_CHARS_MAX),
});

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
