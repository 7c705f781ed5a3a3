import { hash } from 'node:crypto';
import { type Commit, type CommitDraft, parseCommit } from '@throughline/contracts';

export interface EncodedCommit {
  readonly bytes: Uint8Array;
  readonly commit: Commit;
}

export type DecodedCommit =
  | { readonly kind: 'commit'; readonly commit: Commit; readonly asWritten?: unknown }
  | { readonly kind: 'unreadable'; readonly code: 'TL0201' | 'TL0202'; readonly problem: string };

/** `,"digest":"` + 64 hex digits + `"}`: the digest is always the last key, so it can be cut off without parsing. */
const DIGEST_HEAD = ',"digest":"';
const DIGEST_CHARS = 64;
const TAIL_BYTES = DIGEST_HEAD.length + DIGEST_CHARS + 2;

/** The digest is taken over exactly the bytes that are appended, without the digest field itself. */
export const encodeCommit = (draft: CommitDraft): EncodedCommit => {
  const undigested = Buffer.from(JSON.stringify(draft));
  const digest = hash('sha256', undigested, 'hex');
  const bytes = Buffer.allocUnsafe(undigested.length - 1 + TAIL_BYTES);
  undigested.copy(bytes);
  bytes.write(`${DIGEST_HEAD}${digest}"}`, undigested.length - 1, 'latin1');
  // The cast only says that a draft plus its digest is the commit of the same aggregate; TypeScript widens the union.
  return { bytes, commit: { ...draft, digest } as Commit };
};

const damaged = (problem: string): DecodedCommit => ({ kind: 'unreadable', code: 'TL0202', problem });

/**
 * Checks version, schema and digest. A newer build's commit is named as such, not as damage: by its version, or where it holds
 * something unknown and has the digest of just these bytes, for then it is what somebody meant to write.
 */
export const decodeCommit = (bytes: Uint8Array): DecodedCommit => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let json: unknown;
  try {
    json = JSON.parse(view.toString('utf8'));
  } catch {
    return damaged('not JSON');
  }
  const parsed = parseCommit(json);
  switch (parsed.kind) {
    case 'unknown-version':
      return {
        kind: 'unreadable',
        code: 'TL0201',
        problem: `commit version ${JSON.stringify(parsed.version)} is not known to this build`,
      };
    case 'malformed':
      return hasItsDigest(view)
        ? {
            kind: 'unreadable',
            code: 'TL0201',
            problem: `the commit holds what this build does not know: ${parsed.problem}`,
          }
        : damaged(parsed.problem);
    case 'commit':
      return hasItsDigest(view) ? parsed : damaged('the digest does not match the bytes');
  }
};

const hasItsDigest = (bytes: Buffer): boolean => {
  const end = bytes.length - TAIL_BYTES;
  if (end < 0) return false;
  const undigested = Buffer.allocUnsafe(end + 1);
  bytes.copy(undigested, 0, 0, end);
  undigested.write('}', end, 'latin1');
  return bytes.toString('latin1', end) === `${DIGEST_HEAD}${hash('sha256', undigested, 'hex')}"}`;
};
