import { executionRef, tenantSchema } from '@throughline/contracts';
import { InMemoryEventLog } from '@throughline/event-log';
import { type ExecutionState, initialExecution } from '@throughline/execution';
import { StateCache } from './state-cache.ts';

const running = (id: string): ExecutionState => ({
  ...initialExecution(executionRef(tenantSchema.parse('default'), id)),
  version: 1,
  status: 'running',
});

describe('the cache of folded states', () => {
  test('keeps what was used last, and no more than it may', async () => {
    const cache = new StateCache(new InMemoryEventLog(), 2);
    const [a, b, c] = [running('a'), running('b'), running('c')];
    cache.put(a);
    cache.put(b);
    await cache.load(a.ref);
    cache.put(c);
    expect(cache.size).toBe(2);
    expect(await cache.load(a.ref)).toEqual({ kind: 'folded', state: a, cached: true });
    expect(await cache.load(b.ref)).toMatchObject({ kind: 'folded', cached: false });
  });

  test('takes an unknown execution to be new, but not for a while after one was not', () => {
    const cache = new StateCache(new InMemoryEventLog(), 2);
    const known = running('a');
    cache.put(known);
    expect(cache.assumeNew(known.ref)).toBeUndefined();
    const { ref } = running('b');
    expect(cache.assumeNew(ref)).toEqual(initialExecution(ref));
    cache.wasNotNew();
    expect(cache.assumeNew(ref)).toBeUndefined();
  });

  test('lets go of an execution that has ended', () => {
    const cache = new StateCache(new InMemoryEventLog(), 2);
    cache.put(running('a'));
    cache.put({ ...running('a'), version: 2, status: 'succeeded' });
    expect(cache.size).toBe(0);
  });
});
