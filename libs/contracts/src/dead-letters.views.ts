import { z } from 'zod';
import { actorSchema } from './commands.ts';
import { deadLetterIdSchema } from './dead-letter.messages.ts';
import { instantSchema } from './ids.ts';

/** What the message is for, as far as its subject and its payload say. */
const aboutSchema = z.strictObject({
  aggregate: z.string().nullable(),
  aggregateId: z.string().nullable(),
  /** Of a command. */
  type: z.string().nullable(),
  /** Of a task: the step that its worker could not be given. */
  state: z.string().nullable(),
  correlationId: z.string().nullable(),
});

export const deadLetterViewSchema = z.strictObject({
  id: deadLetterIdSchema,
  status: z.enum(['open', 'requeued', 'discarded']),
  stream: z.string(),
  subject: z.string(),
  code: z.string(),
  reason: z.string(),
  /** Only while the letter is there: settled ones are taken away, and the log says what was done. */
  letter: z
    .strictObject({
      deliveries: z.int(),
      storedAt: instantSchema,
      deadAt: instantSchema,
      bytes: z.int(),
      requeueable: z.boolean(),
      about: aboutSchema,
      headers: z.record(z.string(), z.string()),
      /** Of one letter, not of a list's items. */
      payload: z.strictObject({ encoding: z.enum(['utf8', 'base64']), data: z.string() }).optional(),
    })
    .nullable(),
  settled: z.strictObject({ at: instantSchema, by: actorSchema, reason: z.string().nullable() }).nullable(),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;
