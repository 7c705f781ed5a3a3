import type { Signature } from '@throughline/contracts';
import { compactVerify, importJWK } from 'jose';

const DETACHED = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/;

/**
 * The one of the keys that a detached JWS over a content hash was made with; undefined where it is of none. The payload is
 * the hash as text: what is signed can be read by the person who signs it.
 */
export const signingKeyOf = async (
  jws: string,
  contentHash: string,
  keys: readonly Signature['publicKey'][],
): Promise<Signature['publicKey'] | undefined> => {
  const [, header, signature] = DETACHED.exec(jws) ?? [];
  if (header === undefined || signature === undefined) return undefined;
  const whole = `${header}.${Buffer.from(contentHash).toString('base64url')}.${signature}`;
  for (const key of keys) {
    try {
      await compactVerify(whole, await importJWK({ ...key, alg: 'EdDSA' }), { algorithms: ['EdDSA', 'Ed25519'] });
      return key;
    } catch {
      // Not this one.
    }
  }
  return undefined;
};
