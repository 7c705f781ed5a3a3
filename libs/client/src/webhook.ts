/** Why a delivered result must not be believed. */
export type WebhookProblem = 'malformed' | 'too-old' | 'wrong-signature';

export interface WebhookCheck {
  /** The request's body as it came, before anything parsed it. */
  readonly body: string;
  /** The header `Throughline-Signature`. */
  readonly signature: string | undefined;
  readonly secret: string;
  /** How far the time of signing may be off; default 5 minutes. What is older may be a copy that somebody kept. */
  readonly toleranceMs?: number;
}

const TOLERANCE_MS = 5 * 60_000;

/** Whether a webhook's body was signed with the secret, lately; undefined where it was. */
export const verifyWebhook = async ({
  body,
  signature = '',
  secret,
  toleranceMs = TOLERANCE_MS,
}: WebhookCheck): Promise<WebhookProblem | undefined> => {
  const [, seconds, hex] = /^t=([0-9]{1,12}),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (seconds === undefined || hex === undefined) return 'malformed';
  if (Math.abs(Date.now() - Number(seconds) * 1_000) > toleranceMs) return 'too-old';
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['verify']);
  const given = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  // Compares in constant time.
  const isGenuine = await crypto.subtle.verify('HMAC', key, given, encoder.encode(`${seconds}.${body}`));
  return isGenuine ? undefined : 'wrong-signature';
};
