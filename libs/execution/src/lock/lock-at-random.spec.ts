import type { LockEvent } from '@throughline/contracts';
import fc from 'fast-check';
import { lockOf, LockWorld } from '../spec/lock-world.ts';

const CLAIMS = Array.from({ length: 8 }, (_, i) => ({ execution: `e${i % 5}`, request: `${i + 1}.2` }));

const happening = fc.record({
  what: fc.constantFrom('acquire', 'acquire', 'acquire', 'release', 'release', 'renew', 'force', 'time', 'fire'),
  who: fc.nat(CLAIMS.length - 1),
  die: fc.boolean(),
});

/** The lock alone: nobody answers what it says but as the list of what happens has it. */
const happens = (world: LockWorld, { what, who }: { what: string; who: number }): void => {
  const claim = CLAIMS[who];
  switch (what) {
    case 'acquire':
      world.tell(lockOf('pump'), {
        type: 'AcquireLock',
        body: { ...claim, asset: 'pump', workflow: 'example', state: 'Work' },
      });
      break;
    case 'release':
      world.tell(lockOf('pump'), { type: 'ReleaseLock', body: claim });
      break;
    case 'renew':
      world.tell(lockOf('pump'), { type: 'RenewLock', body: claim });
      break;
    case 'force':
      world.tell(lockOf('pump'), { type: 'ForceReleaseLock', body: {} });
      break;
    case 'time':
      world.later(20_000);
      break;
    case 'fire':
      world.fireNext();
      break;
  }
  world.sent = [];
};

/** What the events say of who holds, and in which order. Throws where two hold at a time. */
const heard = (events: readonly { readonly event: LockEvent; readonly who: string }[]) => {
  let holder: string | undefined;
  const queue: string[] = [];
  const tokens: number[] = [];
  for (const { event, who } of events) {
    switch (event.type) {
      case 'LockRequested':
        queue.push(who);
        break;
      case 'LockWaitLeft':
        queue.splice(queue.indexOf(nameOf(event)), 1);
        break;
      case 'LockGranted':
        expect(holder).toBeUndefined();
        expect(queue.shift()).toBe(nameOf(event));
        holder = nameOf(event);
        tokens.push(event.fencingToken);
        break;
      case 'LockReleased':
      case 'LockExpired':
        expect(holder).toBe(nameOf(event));
        holder = undefined;
        break;
      default:
        break;
    }
  }
  return { holder, queue, tokens };
};
const nameOf = ({ execution, request }: { execution: string; request: string }): string => `${execution}/${request}`;

const eventsOf = (world: LockWorld) =>
  (world.logs.get('lock/pump') ?? []).flatMap(({ commit }) => {
    if (commit.aggregate !== 'lock') return [];
    let next = 0;
    return commit.commands.flatMap((command) => {
      const who = command.type === 'AcquireLock' ? nameOf(command.body) : '';
      const own = commit.events.slice(next, next + command.events);
      next += command.events;
      return own.map((event) => ({ event, who }));
    });
  });

describe('whatever happens to a lock', () => {
  it('one holds it at a time, in the order asked, with tokens that grow, and all who stay get it in the end', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 60 }), (list) => {
        const world = new LockWorld({});
        for (const what of list) happens(world, what);
        const { holder, queue, tokens } = heard(eventsOf(world));
        const state = world.lock('pump');
        expect(state.holder ? nameOf(state.holder) : undefined).toBe(holder);
        expect(state.queue.valueSeq().map(nameOf).toArray()).toEqual(queue);
        expect(tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0))).toBe(true);
        // A lock that is held watches its holder, so that nobody waits for the dead.
        expect(state.holder === null || state.timer !== null).toBe(true);
        const [waited, before] = [queue.length + (holder === undefined ? 0 : 1), tokens.length];
        for (let n = 0; world.lock('pump').holder !== null; n += 1) {
          if (n === 200) throw new Error('a dead holder keeps the lock');
          world.fireNext();
          world.sent = [];
        }
        expect(heard(eventsOf(world)).tokens.length - before).toBe(Math.max(0, waited - 1));
        expect(world.lock('pump').queue.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
