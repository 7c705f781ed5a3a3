import type { Json, JsonObject, StepTask } from '@throughline/contracts';
import { isTerminal } from '@throughline/contracts';
import fc from 'fast-check';
import { machine, task } from './spec/example-machines.ts';
import { LockWorld } from './spec/lock-world.ts';

const locking = (mutex: Json, extra: JsonObject = {}): JsonObject => task({ ...extra, Throughline: { Mutex: mutex } });
const WORKFLOWS = {
  one: machine({ Work: locking('a') }),
  two: machine({ Work: locking(['b', 'a']) }),
  all: machine({ Work: locking(['c', 'a', 'b'], { Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }] }) }),
  brief: machine({ Work: locking(['b', 'c'], { TimeoutSeconds: 30, HeartbeatSeconds: 10 }) }),
  patient: machine({
    Both: {
      Type: 'Parallel',
      Branches: [machine({ Left: locking('a') }), machine({ Right: locking(['a', 'c']) })],
      End: true,
    },
  }),
};
const NAMES = Object.keys(WORKFLOWS);

const happening = fc.record({
  what: fc.constantFrom(
    ...['start', 'start', 'deliver', 'deliver', 'deliver', 'deliver', 'twice', 'lose', 'look'],
    ...['begin', 'begin', 'complete', 'complete', 'fail', 'time', 'cancel'],
  ),
  pick: fc.nat(1_000),
});

/** What an asset sees: workers that begin and end, each with its token. */
class Asset {
  private highest = 0;
  private readonly within = new Map<string, number>();

  /** False: the token is old, and the asset does nothing for it. */
  begin(who: string, token: number): boolean {
    if (token < this.highest) return false;
    this.highest = token;
    this.within.set(who, token);
    return true;
  }

  end(who: string): void {
    this.within.delete(who);
  }

  get workers(): readonly string[] {
    return [...this.within.keys()];
  }
}

class Workers {
  private readonly assets = new Map<string, Asset>();
  readonly running = new Map<string, StepTask>();
  private next = 0;

  constructor(private readonly world: LockWorld) {}

  private asset(name: string): Asset {
    const found = this.assets.get(name) ?? new Asset();
    this.assets.set(name, found);
    return found;
  }

  begin(): void {
    const step = this.world.tasks[this.next];
    if (!step) return;
    this.next += 1;
    const who = `${step.executionId}/${step.token}`;
    this.running.set(who, step);
    for (const [name, token] of Object.entries(step.fencingTokens ?? {})) {
      const others = this.asset(name).workers;
      if (!this.asset(name).begin(who, token)) continue;
      // Whoever is still at work there must have lost the right to it: its attempt is over, or it never answered the lock.
      expect(others.filter((other) => this.isOpen(other) && !this.hasLost(other, name))).toEqual([]);
    }
  }

  private isOpen(who: string): boolean {
    const [id = '', token = ''] = who.split('/');
    return this.world.execution(id).attempts.has(token);
  }

  private hasLost(who: string, asset: string): boolean {
    const [id] = who.split('/');
    return this.world.lockEvents(asset).some((event) => event.type === 'LockExpired' && event.execution === id);
  }

  end(pick: number, how: 'complete' | 'fail'): void {
    const who = [...this.running.keys()][pick % Math.max(1, this.running.size)];
    const step = who === undefined ? undefined : this.running.get(who);
    if (who === undefined || !step) return;
    this.running.delete(who);
    for (const name of Object.keys(step.fencingTokens ?? {})) this.asset(name).end(who);
    if (how === 'complete') this.world.complete(step);
    else this.world.fail(step, 'Broken');
  }
}

const happens = (world: LockWorld, workers: Workers, { what, pick }: { what: string; pick: number }): void => {
  const any = pick % Math.max(1, world.sent.length);
  switch (what) {
    case 'start':
      world.start(`e${world.states.size}`, NAMES[pick % NAMES.length] ?? 'one');
      break;
    case 'deliver':
      world.deliver(any);
      break;
    case 'twice':
      world.deliverTwice(any);
      break;
    case 'lose':
      world.sent.splice(any, 1);
      break;
    case 'look':
      world.lookAfter([...world.states.values()][pick % Math.max(1, world.states.size)] ?? world.lock('a'));
      break;
    case 'begin':
      workers.begin();
      break;
    case 'complete':
    case 'fail':
      workers.end(pick, what);
      break;
    case 'time':
      world.fireNext();
      break;
    case 'cancel':
      if (world.states.has(`execution/e${pick % 10}`)) world.cancel(`e${pick % 10}`);
      break;
  }
};

/** No more accidents: what is there is delivered, worked, and looked after. */
const settle = (world: LockWorld, workers: Workers): void => {
  for (let n = 0; n < 400; n += 1) {
    world.deliverAll();
    workers.begin();
    workers.end(0, 'complete');
    for (const state of world.states.values()) world.lookAfter(state);
    world.deliverAll();
    const open = world.executions().some(({ status }) => status !== 'none' && !isTerminal(status));
    const held = ['a', 'b', 'c'].some((asset) => world.lock(asset).holder !== null);
    if (!open && !held) return;
    if (workers.running.size === 0) world.fireNext();
  }
};

it('whatever is lost, late or doubled: nobody holds an asset beside somebody else, all end, and every lock is free', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 60, maxLength: 120 }), (list) => {
      const world = new LockWorld(WORKFLOWS);
      const workers = new Workers(world);
      for (const what of list) happens(world, workers, what);
      settle(world, workers);
      expect(world.executions().filter(({ status }) => !isTerminal(status as 'running'))).toEqual([]);
      for (const asset of ['a', 'b', 'c']) {
        expect(world.lock(asset).holder).toBeNull();
        expect(world.lock(asset).queue.size).toBe(0);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
