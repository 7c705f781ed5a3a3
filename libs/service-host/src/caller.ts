import type { Actor, Permission, Tenant } from '@throughline/contracts';
import type { InboundTrace } from './inbound-trace.ts';

/** Who asks. The tenant comes from the credential and from nowhere else. */
export interface Caller {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly permissions: readonly Permission[];
  /** Of the credential. */
  readonly roles?: readonly string[];
  /** The header `Idempotency-Key`. */
  readonly idempotencyKey?: string;
  /** From the request's own headers. */
  readonly trace?: InboundTrace;
}
