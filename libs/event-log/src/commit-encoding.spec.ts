import { createHash } from 'node:crypto';
import type { CommitDraft } from '@throughline/contracts';
import { decodeCommit, encodeCommit } from './commit-encoding.ts';
import { draftFor, newRef } from './event-log.conformance.ts';

describe('commit encoding', () => {
  it('the digest is the last key and covers exactly the bytes before it', () => {
    const draft = draftFor(newRef(), 1, 0);
    const text = Buffer.from(encodeCommit(draft).bytes).toString('utf8');
    expect(text).toBe(
      `${JSON.stringify(draft).slice(0, -1)},"digest":"${createHash('sha256').update(JSON.stringify(draft)).digest('hex')}"}`,
    );
  });

  it('flipping any byte is noticed', () => {
    const { bytes } = encodeCommit(draftFor(newRef(), 1, 0));
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(decodeCommit(flipped).kind).toBe('unreadable');
    }
  });

  it('white space that leaves the JSON equal is damage too', () => {
    const { bytes } = encodeCommit(draftFor(newRef(), 1, 0));
    const spaced = Buffer.from(Buffer.from(bytes).toString('utf8').replace('{"v":1', '{ "v":1'));
    expect(decodeCommit(spaced)).toMatchObject({ kind: 'unreadable', code: 'TL0202' });
  });

  it('no JSON and no object are damage, an unknown version is named as such', () => {
    expect(decodeCommit(Buffer.from('{'))).toMatchObject({ code: 'TL0202' });
    expect(decodeCommit(Buffer.from('null'))).toMatchObject({ code: 'TL0202' });
    expect(decodeCommit(Buffer.from(''))).toMatchObject({ code: 'TL0202' });
    expect(decodeCommit(Buffer.from('{"v":7}'))).toMatchObject({ code: 'TL0201' });
  });

  it.each([
    ['a field', (draft: object) => ({ ...draft, weight: 3 })],
    ['an event', (draft: object) => ({ ...draft, events: [{ type: 'ThoughtBetterOf' }] })],
  ])('%s that a newer build wrote under the same version is not called damage', (_what, alter) => {
    // The cast says what the spec is about: no draft of this build looks like that.
    const { bytes } = encodeCommit(alter(draftFor(newRef(), 1, 0)) as CommitDraft);
    expect(decodeCommit(bytes)).toMatchObject({ kind: 'unreadable', code: 'TL0201' });
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 10] = (flipped.at(-10) ?? 0) ^ 1;
    expect(decodeCommit(flipped)).toMatchObject({ kind: 'unreadable', code: 'TL0202' });
  });
});
