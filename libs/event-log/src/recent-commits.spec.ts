import { decodeCommit, encodeCommit } from './commit-encoding.ts';
import { draftFor, newRef } from './event-log.conformance.ts';
import { RecentCommits } from './recent-commits.ts';

describe('recent commits', () => {
  it('what was added is what decoding its bytes gives, and is handed out once', () => {
    const recent = new RecentCommits();
    const encoded = encodeCommit(draftFor(newRef(), 1, 0));
    recent.add(encoded);
    const first = recent.decode(encoded.bytes);
    expect(first).toEqual(decodeCommit(encoded.bytes));
    expect(first.kind === 'commit' && first.commit).toBe(encoded.commit);
    expect(recent.size).toBe(0);
    expect(recent.decode(encoded.bytes)).toEqual(first);
  });

  it('altered bytes with the digest of a known commit are damage', () => {
    const recent = new RecentCommits();
    const encoded = encodeCommit(draftFor(newRef(), 1, 0));
    recent.add(encoded);
    for (let at = 0; at < encoded.bytes.length; at += 1) {
      const flipped = Buffer.from(encoded.bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(recent.decode(flipped).kind).toBe('unreadable');
    }
    expect(recent.decode(Buffer.from(''))).toMatchObject({ code: 'TL0202' });
  });

  it('keeps the newest and never more than its bound', () => {
    const recent = new RecentCommits();
    const encoded = Array.from({ length: 4_100 }, (_, n) => encodeCommit(draftFor(newRef(), 1, n)));
    for (const one of encoded) recent.add(one);
    expect(recent.size).toBe(4_096);
    const newest = encoded.at(-1);
    const decoded = newest && recent.decode(newest.bytes);
    expect(decoded?.kind === 'commit' && decoded.commit).toBe(newest?.commit);
  });
});
