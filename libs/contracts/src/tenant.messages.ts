import { z } from 'zod';
import { deadLetterCommandBodies, deadLetterEvents } from './dead-letter.messages.ts';
import { actionClassSchema, slaClassSchema, timeoutPolicySchema } from './timeout-policy.ts';

/** Commands and events of the `tenant` aggregate, of which each tenant has one: settings, and acts on what is the tenant's. */
export const setTimeoutPolicySchema = z.strictObject({
  slaClass: slaClassSchema,
  actionClass: actionClassSchema,
  policy: timeoutPolicySchema,
});

/** Back to what applies where nothing is set. */
export const resetTimeoutPolicySchema = z.strictObject({ slaClass: slaClassSchema, actionClass: actionClassSchema });

export const tenantCommandBodies = {
  SetTimeoutPolicy: setTimeoutPolicySchema,
  ResetTimeoutPolicy: resetTimeoutPolicySchema,
  ...deadLetterCommandBodies,
} as const;

export const tenantEventSchema = z.discriminatedUnion('type', [
  /** Which policy, and what it says now: the causing command's body. */
  z.strictObject({ type: z.literal('TimeoutPolicySet') }),
  /** Which one: the causing command's body. */
  z.strictObject({ type: z.literal('TimeoutPolicyReset') }),
  ...deadLetterEvents,
]);
export type TenantEvent = z.infer<typeof tenantEventSchema>;
