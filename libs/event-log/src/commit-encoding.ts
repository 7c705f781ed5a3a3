import { createHash } from 'node:crypto';
import { type Commit, type CommitDraft, parseCommit } from '@throughline/contracts';

export interface EncodedCommit {
  readonly bytes: Uint8Array;
  readonly commit: Commit;
}

export type DecodedCommit =
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'unreadable'; readonly code: 'TL0201' | 'TL0202'; readonly problem: string };

/** `,"digest":"` + 64 hex digits + `"}`: the digest is always the last key, so it can be cut off without parsing. */
const DIGEST_HEAD = ',"digest":"';
const TAIL_BYTES = DIGEST_HEAD.length + 64 + 2;

/** The digest is taken over exactly the bytes that are appended, without the digest field itself. */
export const encodeCommit = (draft: CommitDraft): EncodedCommit => {
  const text = JSON.stringify(draft);
  const digest = createHash('sha256').update(text).digest('hex');
  return {
    bytes: Buffer.from(`${text.slice(0, -1)}${DIGEST_HEAD}${digest}"}`),
    // The cast only says that a draft plus its digest is the commit of the same aggregate; TypeScript widens the union.
    commit: { ...draft, digest } as Commit,
  };
};

const damaged = (problem: string): DecodedCommit => ({ kind: 'unreadable', code: 'TL0202', problem });

/** Checks version, digest and schema, in that order: a newer build's commit is named as such, not as damage. */
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
      return damaged(parsed.problem);
    case 'commit': {
      const body = view.subarray(0, Math.max(0, view.length - TAIL_BYTES));
      const digest = createHash('sha256').update(body).update('}').digest('hex');
      const tail = view.subarray(body.length).toString('latin1');
      return tail === `${DIGEST_HEAD}${digest}"}` ? parsed : damaged('the digest does not match the bytes');
    }
  }
};
