import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

/** Signatures over the content hash of an approval: detached JWS, EdDSA with Ed25519. Nothing here asks a server. */

const DETACHED = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/;
const payloadOf = (contentHash: string): Uint8Array => new TextEncoder().encode(contentHash);
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** A key pair of one's own: the public half goes to whoever keeps the API keys, the private one stays. */
export const newSigningKey = async (): Promise<{ readonly publicKey: JWK; readonly privateKey: JWK }> => {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return { publicKey: await exportJWK(pair.publicKey), privateKey: await exportJWK(pair.privateKey) };
};

export const signContentHash = async (contentHash: string, privateKey: JWK): Promise<string> => {
  const jws = await new CompactSign(payloadOf(contentHash))
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(await importJWK(privateKey, 'EdDSA'));
  const [header, , signature] = jws.split('.');
  return `${header}..${signature}`;
};

export interface SignatureCheck {
  readonly contentHash: string;
  readonly jws: string;
  readonly publicKey: JWK;
}

/** Whether the holder of the key has signed just this hash. */
export const verifySignature = async ({ contentHash, jws, publicKey }: SignatureCheck): Promise<boolean> => {
  const [, header, signature] = DETACHED.exec(jws) ?? [];
  if (header === undefined || signature === undefined) return false;
  const whole = `${header}.${base64url(payloadOf(contentHash))}.${signature}`;
  try {
    await compactVerify(whole, await importJWK(publicKey, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] });
    return true;
  } catch {
    return false;
  }
};
