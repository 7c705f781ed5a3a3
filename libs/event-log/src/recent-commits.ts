import { decodeCommit, type DecodedCommit, type EncodedCommit } from './commit-encoding.ts';

const COMMITS_MAX = 4_096;
const BYTES_MAX = 4_096;
/** 64 hex digits, then `"}`: how every commit ends. */
const DIGEST_FROM_END = 66;

const digestAtEnd = (bytes: Buffer): string =>
  bytes.toString('latin1', bytes.length - DIGEST_FROM_END, bytes.length - 2);

/**
 * What this process appended lately. The process that decides also projects, and need not parse and check again what it
 * wrote a moment ago: the very same bytes are the very same commit. Bounded by number and size; a miss is decoded.
 */
export class RecentCommits {
  readonly #commits = new Map<string, EncodedCommit>();

  get size(): number {
    return this.#commits.size;
  }

  add(encoded: EncodedCommit): void {
    if (encoded.bytes.length > BYTES_MAX) return;
    this.#commits.set(encoded.commit.digest, encoded);
    if (this.#commits.size <= COMMITS_MAX) return;
    const oldest = this.#commits.keys().next();
    if (!oldest.done) this.#commits.delete(oldest.value);
  }

  /** As `decodeCommit`. Forgets what it hands out: a commit is projected once. */
  decode(bytes: Uint8Array): DecodedCommit {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const digest = digestAtEnd(view);
    const own = this.#commits.get(digest);
    if (!own || !view.equals(own.bytes)) return decodeCommit(bytes);
    this.#commits.delete(digest);
    return { kind: 'commit', commit: own.commit };
  }
}
