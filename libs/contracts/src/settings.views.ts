import { z } from 'zod';
import { actorSchema } from './commands.ts';
import { instantSchema } from './ids.ts';
import { actionClassSchema, slaClassSchema, timeoutPolicySchema } from './timeout-policy.ts';

export const timeoutPolicyViewSchema = z.strictObject({
  slaClass: slaClassSchema,
  actionClass: actionClassSchema,
  policy: timeoutPolicySchema,
  /** Null: the default applies. */
  set: z.strictObject({ at: instantSchema, by: actorSchema }).nullable(),
});
export type TimeoutPolicyView = z.infer<typeof timeoutPolicyViewSchema>;
