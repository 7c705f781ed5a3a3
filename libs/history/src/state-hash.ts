import type { Commit, Json } from '@throughline/contracts';
import { type AnyState, canonicalHash, sha256Hex } from '@throughline/execution';

/** sha256 of the state's RFC 8785 form: equal for equal states, whichever process folded them. */
export const stateHash = (state: AnyState): string =>
  // A state holds JSON values only; the cast says what its interfaces cannot.
  canonicalHash(state as unknown as Json);

/** What a commit's digest has to be: over its own JSON as it was written, without the digest, which stands last. */
export const commitDigest = (written: unknown): string => {
  const { digest: _digest, ...undigested } = written as Commit; // a commit or its draft, of whatever version
  return sha256Hex(JSON.stringify(undigested));
};
