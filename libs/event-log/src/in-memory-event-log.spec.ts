import { encodeCommit } from './commit-encoding.ts';
import { appendOne, draftFor, eventLogConformance, newRef } from './event-log.conformance.ts';
import { InMemoryEventLog } from './in-memory-event-log.ts';

describe('the in-memory log', () => {
  const log = new InMemoryEventLog();
  eventLogConformance(() => ({ log, plant: (ref, bytes) => Promise.resolve(log.plant(ref, bytes)) }));

  it('is unavailable once it is full, and stores nothing', async () => {
    const ref = newRef();
    const small = new InMemoryEventLog({ bytesMax: encodeCommit(draftFor(ref, 1, 0)).bytes.length - 1 });
    expect(await appendOne(small, draftFor(ref, 1, 0))).toMatchObject({ kind: 'unavailable' });
    expect(await small.room()).toMatchObject({ bytes: 0 });
  });
});
