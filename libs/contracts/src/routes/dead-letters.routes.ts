import { z } from 'zod';
import { deadLetterIdSchema } from '../dead-letter.messages.ts';
import { deadLetterViewSchema } from '../dead-letters.views.ts';
import { pageOf } from '../views.ts';
import { cursor, limit, route } from './route.ts';

const params = z.strictObject({ id: deadLetterIdSchema });
const body = z.strictObject({ reason: z.string().max(1_024).optional() });

export const deadLetterRoutes = {
  listDeadLetters: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/dead-letters',
    permission: 'dead-letters:read',
    summary: 'Messages that were given up on, oldest first; `status=settled`: what was done about them, newest first',
    status: 200,
    query: z.strictObject({
      status: z.enum(['open', 'settled']).default('open'),
      stream: z
        .string()
        .regex(/^[A-Z_]{1,32}$/, 'must be the name of a stream')
        .optional(),
      limit: limit(50),
      cursor,
    }),
    response: pageOf(deadLetterViewSchema),
  }),
  getDeadLetter: route({
    service: 'orchestrator',
    method: 'GET',
    path: '/api/v1/dead-letters/:id',
    permission: 'dead-letters:read',
    summary: 'One dead letter with headers and payload',
    status: 200,
    params,
    response: deadLetterViewSchema,
  }),
  requeueDeadLetter: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/dead-letters/:id/requeue',
    permission: 'dead-letters:admin',
    summary: 'Send the message to where it came from, once; on the log with who and why',
    status: 200,
    params,
    body,
    response: deadLetterViewSchema,
  }),
  discardDeadLetter: route({
    service: 'orchestrator',
    method: 'POST',
    path: '/api/v1/dead-letters/:id/discard',
    permission: 'dead-letters:admin',
    summary: 'Take the letter away; on the log with who and why',
    status: 200,
    params,
    body,
    response: deadLetterViewSchema,
  }),
} as const;
