import type { ErrorCode } from '@throughline/contracts';

/** A message of a work queue, and what its handler says became of it. */
export interface WorkMessage {
  /** As stored, so a command's is `tl.cmd.<partition>.…`. */
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly seq: number;
  /** 1 on the first delivery. */
  readonly deliveries: number;
  /** The broker's timestamp. */
  readonly storedAtMs: number;
  header(name: string): string | undefined;
  /** All of them; the first value of each. */
  headers?(): Readonly<Record<string, string>>;
}

export type Handled =
  /** Settled: acked. */
  | { readonly kind: 'done' }
  /** This message failed: delivered again after a short wait, dead-lettered after `maxDeliver` deliveries. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** Something it needs is down: kept, handled again here until it is back; never dead-lettered for this. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** It can never be handled: to TL_DEAD with the reason, then acked. */
  | { readonly kind: 'dead'; readonly code: ErrorCode; readonly reason: string }
  /** Not begun: whoever asks next gets it at once. */
  | { readonly kind: 'back' };
