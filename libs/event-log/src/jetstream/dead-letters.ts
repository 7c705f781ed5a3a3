import { isUtf8 } from 'node:buffer';
import { deadSubject, type ErrorCode, tenantOfSubject } from '@throughline/contracts';
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

/** A letter about a message of the largest size must still fit into a message, escapes and all. */
const PAYLOAD_BYTES_MAX = 1024 * 1024;
const REASON_CHARACTERS_MAX = 2_048;

const payloadOf = (bytes: Uint8Array): DeadLetter['payload'] => {
  const kept = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PAYLOAD_BYTES_MAX));
  const text = isUtf8(kept) ? kept.toString('utf8') : undefined;
  // A control character costs six bytes as a JSON escape; base64 never more than four thirds.
  const asText = text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= 2 * PAYLOAD_BYTES_MAX;
  return asText
    ? { encoding: 'utf8', data: text, bytes: bytes.length }
    : { encoding: 'base64', data: kept.toString('base64'), bytes: bytes.length };
};

/** Resolves when TL_DEAD has acked it: only then may the original be acked. */
export const deadLetter = async (publisher: Publisher, letter: DeadLetterInput): Promise<void> => {
  const { stream, subject, seq, deliveries, code, storedAtMs } = letter;
  const body: DeadLetter = {
    v: 1,
    stream,
    subject,
    seq,
    deliveries,
    code,
    reason: letter.reason.slice(0, REASON_CHARACTERS_MAX),
    storedAt: new Date(storedAtMs).toISOString(),
    payload: payloadOf(letter.bytes),
  };
  // The id makes a letter that was sent, and whose original came back before its ack, one letter.
  await publisher.publish(deadSubject(stream, tenantOfSubject(subject)), JSON.stringify(body), {
    msgId: `${stream}.${seq}.${storedAtMs}`,
  });
};
