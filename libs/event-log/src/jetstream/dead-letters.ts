import type { ErrorCode } from '@throughline/contracts';
import type { Publisher } from './publisher.ts';

/** What TL_DEAD holds, as JSON. */
export interface DeadLetter {
  readonly v: 1;
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly deliveries: number;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly storedAt: string;
  /** Base64 where the payload is not UTF-8 text. Cut off at 1 MB; `bytes` is its whole length. */
  readonly payload: { readonly encoding: 'utf8' | 'base64'; readonly data: string; readonly bytes: number };
}

export interface DeadLetterInput {
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly deliveries: number;
  readonly storedAtMs: number;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly bytes: Uint8Array;
}

/** Resolves when TL_DEAD has acked it: only then may the original be acked. */
export declare const deadLetter: (publisher: Publisher, letter: DeadLetterInput) => Promise<void>;
