import type { Refusal, TenantEvent } from '@throughline/contracts';

/** What one command leads to, before its events are folded. */
export type TenantVerdict =
  | { readonly kind: 'events'; readonly events: readonly TenantEvent[] }
  /** What was asked for stands already: `version` is the commit that made it so. */
  | { readonly kind: 'duplicate'; readonly version: number }
  /** It was so from the beginning: there is nothing to record. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export const records = (...events: readonly TenantEvent[]): TenantVerdict => ({ kind: 'events', events });
