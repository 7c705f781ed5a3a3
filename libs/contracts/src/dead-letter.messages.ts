import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import { instantSchema, sha256Schema } from './ids.ts';

/** What TL_DEAD holds, as JSON. A newer build may say more: these are read while both run. */
export const deadLetterSchema = z.object({
  v: z.literal(1),
  stream: z.string(),
  subject: z.string(),
  seq: z.int().nonnegative(),
  deliveries: z.int().nonnegative(),
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)),
  reason: z.string(),
  storedAt: instantSchema,
  /** As the message had them, but for the server's own. Absent in letters of before they were kept. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Base64 where the payload is not UTF-8 text. Cut off where no message of the engine's is as long; `bytes` is its whole length. */
  payload: z.object({ encoding: z.enum(['utf8', 'base64']), data: z.string(), bytes: z.int().nonnegative() }),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** What people do about dead letters: commands and events of the `tenant` aggregate whose letters they are. */

/** The letter's place in TL_DEAD and a hash of what it is about. */
export const deadLetterIdSchema = z
  .string()
  .regex(/^[1-9]\d{0,14}-[0-9a-f]{12}$/, 'must be a sequence, a dash and 12 hexadecimal digits')
  .brand<'DeadLetterId'>();
export type DeadLetterId = z.infer<typeof deadLetterIdSchema>;

/** The letter as the engine found it: recorded input, so that the log says what was acted on when the letter itself is gone. */
const foundLetterSchema = z.strictObject({
  stream: z.string().max(64),
  subject: z.string().max(512),
  code: z.string().max(16),
  why: z.string().max(2_048),
  /** Of the message's payload. */
  payloadHash: sha256Schema,
  /** It holds the whole message, and its subject is one that is sent to. */
  requeueable: z.boolean(),
});
export type FoundLetter = z.infer<typeof foundLetterSchema>;

const settle = z.strictObject({
  letterId: deadLetterIdSchema,
  reason: z.string().max(1_024).optional(),
  /** Absent: there is no such letter, or none any more. */
  found: foundLetterSchema.optional(),
});
export const deadLetterCommandBodies = { RequeueDeadLetter: settle, DiscardDeadLetter: settle } as const;

export const deadLetterEvents = [
  z.strictObject({ type: z.literal('DeadLetterRequeued'), letterId: deadLetterIdSchema }),
  z.strictObject({ type: z.literal('DeadLetterDiscarded'), letterId: deadLetterIdSchema }),
] as const;

/** Letters that were acted on and are still known as such: the latest ones. */
export const SETTLED_LETTERS_MAX = 5_000;
