import type { Actor, Permission, Signature, Tenant } from '@throughline/contracts';
import type { InboundTrace } from './inbound-trace.ts';

/** Who asks. The tenant comes from the credential and from nowhere else. */
export interface Caller {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly permissions: readonly Permission[];
  /** The header `Idempotency-Key`. */
  readonly idempotencyKey?: string;
  /** What approvals ask for. */
  readonly roles: readonly string[];
  /** Public keys that the caller may sign with: Ed25519, as JWK. */
  readonly signingKeys: readonly Signature['publicKey'][];
  /** From the request's own headers. */
  readonly trace?: InboundTrace;
}
