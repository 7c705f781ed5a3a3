import type { Json, JsonObject } from '@throughline/contracts';
import { machine, task } from './spec/example-machines.ts';
import { executionOf, lockOf, LockWorld } from './spec/lock-world.ts';

const locking = (mutex: JsonObject, extra: JsonObject = {}): Json =>
  machine({ Work: task({ ...extra, Throughline: mutex }) });
const PUMP = locking({ Mutex: 'pump' });
const END = { ErrorEquals: ['States.ALL'], Next: 'Caught' };
const withCatch = (mutex: JsonObject, extra: JsonObject = {}): Json =>
  machine({
    Work: task({ ...extra, Throughline: mutex, Catch: [END] }),
    Caught: { Type: 'Pass', End: true },
  });

const holderOf = (world: LockWorld, asset: string): string | undefined => world.lock(asset).holder?.execution;
const waitingFor = (world: LockWorld, asset: string): readonly string[] =>
  world
    .lock(asset)
    .queue.valueSeq()
    .map(({ execution }) => execution)
    .toArray();
const mustTask = (world: LockWorld, index: number) => {
  const found = world.tasks[index];
  if (!found) throw new Error(`no task ${index}`);
  return found;
};

describe('a step with a mutex', () => {
  it('runs when it has the lock, and gives it back with its result', () => {
    const world = new LockWorld({ example: PUMP });
    world.start('a', 'example');
    expect(world.tasks).toEqual([]);
    expect(world.execution('a').status).toBe('waiting');
    world.deliverAll();
    expect(world.tasks).toMatchObject([{ executionId: 'a', fencingTokens: { pump: 1 } }]);
    expect(world.execution('a').status).toBe('running');
    world.complete(mustTask(world, 0));
    world.deliverAll();
    expect(world.execution('a').status).toBe('succeeded');
    expect(world.lock('pump')).toMatchObject({ asset: 'pump', holder: null });
  });

  it('waits for those before it, in the order in which they asked, and every holder has a higher token', () => {
    const world = new LockWorld({ example: PUMP });
    for (const id of ['a', 'b', 'c']) world.start(id, 'example');
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['a', ['b', 'c']]);
    for (const n of [0, 1, 2]) {
      expect(world.tasks).toHaveLength(n + 1);
      world.complete(mustTask(world, n));
      world.deliverAll();
    }
    expect(world.tasks.map(({ executionId }) => executionId)).toEqual(['a', 'b', 'c']);
    const tokens = world.tasks.map(({ fencingTokens }) => fencingTokens?.pump ?? 0);
    expect([...tokens].sort((a, b) => a - b)).toEqual(tokens);
    expect(new Set(tokens).size).toBe(3);
  });

  it('takes several assets in one order, whatever order they are written in', () => {
    const world = new LockWorld({
      forth: locking({ Mutex: ['pump', 'valve'] }),
      back: locking({ Mutex: ['valve', 'pump', 'valve'] }),
    });
    world.start('a', 'forth');
    world.start('b', 'back');
    // Each message of one after a message of the other: with two orders they would hold one asset each.
    world.deliverAll();
    expect(world.tasks).toMatchObject([{ executionId: 'a', fencingTokens: { pump: 1, valve: 1 } }]);
    world.complete(mustTask(world, 0));
    world.deliverAll();
    world.complete(mustTask(world, 1));
    world.deliverAll();
    expect(world.executions().map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('is retried with a lock of its own: between the attempts the asset is free, and the token grows', () => {
    const retry = { Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 5, MaxAttempts: 1 }] };
    const world = new LockWorld({ example: locking({ Mutex: 'pump' }, retry), other: PUMP });
    world.start('a', 'example');
    world.deliverAll();
    world.fail(mustTask(world, 0), 'Busy');
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBeUndefined();
    world.start('b', 'other');
    world.deliverAll();
    expect(world.fireNext()).toBe(true);
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['b', ['a']]);
    world.complete(mustTask(world, 1));
    world.deliverAll();
    expect(world.tasks.map((task) => [task.executionId, task.attempt])).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
    expect(mustTask(world, 2).fencingTokens?.pump).toBeGreaterThan(mustTask(world, 1).fencingTokens?.pump ?? 0);
    expect(mustTask(world, 2).idempotencyKey).toBe(mustTask(world, 0).idempotencyKey);
  });

  it('that is cancelled while it waits leaves the queue, and one that is cancelled while it runs gives the lock back', () => {
    const world = new LockWorld({ example: PUMP });
    for (const id of ['a', 'b', 'c']) world.start(id, 'example');
    world.deliverAll();
    world.cancel('b');
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['a', ['c']]);
    world.cancel('a');
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['c', []]);
  });

  it('leaves the queue when the execution runs out of time', () => {
    const world = new LockWorld({ example: { ...(PUMP as JsonObject), TimeoutSeconds: 30 }, other: PUMP });
    world.start('b', 'other');
    world.deliverAll();
    world.start('a', 'example');
    world.deliverAll();
    expect(waitingFor(world, 'pump')).toEqual(['a']);
    world.fireNext();
    world.deliverAll();
    expect(world.execution('a').status).toBe('timed_out');
    expect(waitingFor(world, 'pump')).toEqual([]);
  });

  it('fails with Throughline.LockTimeout when its WaitSeconds are over; what it had is given back', () => {
    const world = new LockWorld({
      example: withCatch({ Mutex: { Assets: ['pump', 'valve'], WaitSeconds: 10 } }),
      other: locking({ Mutex: 'valve' }),
    });
    world.start('b', 'other');
    world.deliverAll();
    world.start('a', 'example');
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBe('a');
    world.fireNext();
    world.deliverAll();
    expect(world.execution('a').end).toMatchObject({
      output: { Error: 'Throughline.LockTimeout', Cause: expect.stringContaining('TL0143') },
    });
    expect([holderOf(world, 'pump'), waitingFor(world, 'valve')]).toEqual([undefined, []]);
  });

  it('waits on its own account: TimeoutSeconds begin with the attempt', () => {
    const world = new LockWorld({ example: locking({ Mutex: 'pump' }, { TimeoutSeconds: 5 }), other: PUMP });
    world.start('b', 'other');
    world.deliverAll();
    world.start('a', 'example');
    world.deliverAll();
    world.later(30_000);
    world.complete(mustTask(world, 0));
    world.deliverAll();
    expect(mustTask(world, 1)).toMatchObject({ executionId: 'a', timeoutMs: 5_000 });
    expect([...world.execution('a').timers.values()]).toMatchObject([{ purpose: 'timeout' }]);
  });
});

describe('the assets of a mutex', () => {
  const tokensOf = (mutex: JsonObject, input: Json, machineExtra: JsonObject = {}): readonly string[] => {
    const world = new LockWorld({ example: { ...(locking(mutex) as JsonObject), ...machineExtra } });
    world.start('a', 'example', input);
    world.deliverAll();
    return Object.keys(world.tasks[0]?.fencingTokens ?? {});
  };

  it('are names, paths, or both', () => {
    expect(tokensOf({ 'Mutex.$': '$.asset' }, { asset: 'tank 7' })).toEqual(['tank 7']);
    expect(tokensOf({ 'Mutex.$': '$.assets[*].id' }, { assets: [{ id: 'b' }, { id: 'a' }] })).toEqual(['a', 'b']);
    expect(tokensOf({ 'Mutex.$': "States.Array('z', $.asset)" }, { asset: 'y' })).toEqual(['y', 'z']);
    expect(tokensOf({ Mutex: ['x', { 'Asset.$': '$.asset' }] }, { asset: 'w' })).toEqual(['w', 'x']);
    expect(tokensOf({ Mutex: { 'Assets.$': '$.all', WaitSeconds: 5 } }, { all: ['q'] })).toEqual(['q']);
  });

  it('are expressions in a JSONata state', () => {
    const jsonata = { QueryLanguage: 'JSONata' };
    expect(tokensOf({ Mutex: '{% $states.input.asset %}' }, { asset: 'k' }, jsonata)).toEqual(['k']);
    expect(tokensOf({ Mutex: ['l', '{% $states.input.asset %}'] }, { asset: 'k' }, jsonata)).toEqual(['k', 'l']);
  });

  it('of a name that is no subject token have a lock all the same', () => {
    const name = 'Werk Süd/Tank №7.*';
    const world = new LockWorld({ example: locking({ Mutex: name }) });
    world.start('a', 'example');
    world.deliverAll();
    expect(world.lock(name)).toMatchObject({ asset: name, holder: { execution: 'a' } });
    expect(world.lock(name).ref.aggregateId).toMatch(/^h-[0-9a-f]{40}$/);
  });

  it.each<[string, JsonObject, Json]>([
    ['a path that finds nothing', { 'Mutex.$': '$.asset' }, {}],
    ['an empty name', { 'Mutex.$': '$.asset' }, { asset: '' }],
    ['a name that is too long', { 'Mutex.$': '$.asset' }, { asset: 'x'.repeat(257) }],
    ['a number', { 'Mutex.$': '$.asset' }, { asset: 7 }],
    ['an empty list', { 'Mutex.$': '$.asset' }, { asset: [] }],
    ['too many', { 'Mutex.$': '$.asset' }, { asset: Array.from({ length: 17 }, (_, i) => `a${i}`) }],
    ['a list in a list', { Mutex: [{ 'Asset.$': '$.asset' }] }, { asset: ['a'] }],
  ])('that name nothing fail the step with a code: %s', (_what, mutex, input) => {
    const world = new LockWorld({ example: withCatch(mutex) });
    world.start('a', 'example', input);
    expect(world.execution('a').end).toMatchObject({
      output: { Error: 'Throughline.MutexInvalid', Cause: expect.stringMatching(/^TL0140: /) },
    });
    expect([world.sent, world.tasks]).toEqual([[], []]);
  });
});

describe('a lock and its holder', () => {
  const held = (): LockWorld => {
    const world = new LockWorld({ example: withCatch({ Mutex: 'pump' }) });
    world.start('a', 'example');
    world.deliverAll();
    world.start('b', 'example');
    world.deliverAll();
    return world;
  };

  it('asks after its lease, and the holder that still runs keeps it', () => {
    const world = held();
    world.fireNext();
    world.deliverAll();
    expect(world.lock('pump').holder).toMatchObject({ execution: 'a', asked: 0, fencingToken: 1 });
    expect(world.lockEvents('pump').map(({ type }) => type)).toContain('LockRenewed');
    for (let n = 0; n < 20; n += 1) {
      world.fireNext();
      world.deliverAll();
    }
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['a', ['b']]);
  });

  it('goes on without a holder that never answers; the attempt has failed, and its result comes too late', () => {
    const world = held();
    for (let n = 0; n < 4; n += 1) {
      world.fireNext();
      // What the lock asks is lost; what it says last is not.
      if (n < 3) world.sent = [];
    }
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBe('b');
    expect(world.execution('a').end).toMatchObject({ output: { Error: 'Throughline.LockLost' } });
    expect(world.complete(mustTask(world, 0))).toMatchObject({ kind: 'refused' });
  });

  it('a grant to an execution that has ended gives itself back', () => {
    const world = held();
    world.cancel('b');
    // The leave is lost.
    world.sent = [];
    expect(waitingFor(world, 'pump')).toEqual(['b']);
    world.complete(mustTask(world, 0));
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual([undefined, []]);
  });

  it('a request that comes after its release is granted, refused, and given back', () => {
    const world = new LockWorld({ example: PUMP });
    world.start('a', 'example');
    const [request] = world.sent;
    world.deliverTwice(0);
    world.cancel('a');
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBeUndefined();
    // Asked again under an id of its own, as an execution that stands still does.
    world.tell(lockOf('pump'), request?.command ?? {});
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBeUndefined();
  });

  it('a grant that was lost is said again to who asks again', () => {
    const world = new LockWorld({ example: PUMP });
    world.start('a', 'example');
    world.deliver();
    world.sent = [];
    expect(holderOf(world, 'pump')).toBe('a');
    expect(world.tasks).toEqual([]);
    world.lookAfter(world.execution('a'));
    world.deliverAll();
    expect(world.tasks).toHaveLength(1);
  });

  it('a release that was lost comes about when the lock asks', () => {
    const world = held();
    world.complete(mustTask(world, 0));
    world.sent = [];
    world.fireNext();
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBe('b');
  });

  it('whose timer was lost gets it back', () => {
    const world = held();
    world.timers.clear();
    world.lookAfter(world.lock('pump'));
    expect(world.timers.size).toBe(1);
  });
});

describe('an operator takes a lock', () => {
  const held = (): LockWorld => {
    const world = new LockWorld({ example: withCatch({ Mutex: 'pump' }) });
    world.start('a', 'example');
    world.start('b', 'example');
    world.deliverAll();
    return world;
  };
  const force = (world: LockWorld, body: JsonObject = {}) =>
    world.tell(lockOf('pump'), { type: 'ForceReleaseLock', body });

  it('and only when the attempt that held it is over, the next one gets it', () => {
    const world = held();
    expect(force(world, { reason: 'pump replaced' }).kind).toBe('accepted');
    expect(world.lock('pump').holder).toMatchObject({ execution: 'a', revoked: { reason: 'pump replaced' } });
    world.deliverAll();
    expect(world.execution('a').end).toMatchObject({
      output: {
        Error: 'Throughline.LockLost',
        Cause: "TL0144: the lock of 'pump' is lost, an operator took it: pump replaced",
      },
    });
    expect(holderOf(world, 'pump')).toBe('b');
    expect(world.complete(mustTask(world, 0))).toMatchObject({ kind: 'refused' });
  });

  it('twice, without an answer in between: the lock goes on at once', () => {
    const world = held();
    force(world);
    world.sent = [];
    force(world);
    expect(holderOf(world, 'pump')).toBe('b');
    world.deliverAll();
    expect(world.execution('a').status).toBe('succeeded');
  });

  it('and hears nothing: it goes on after the time for an answer', () => {
    const world = held();
    force(world);
    world.sent = [];
    world.fireNext();
    expect(holderOf(world, 'pump')).toBe('b');
  });

  it('of nobody, or of another holder, and is refused', () => {
    const world = held();
    expect(force(world, { fencingToken: 99 })).toMatchObject({ refusal: { code: 'TL0146' } });
    world.complete(mustTask(world, 0));
    world.deliverAll();
    world.complete(mustTask(world, 1));
    world.deliverAll();
    expect(force(world)).toMatchObject({ refusal: { code: 'TL0146' } });
    expect(world.tell(lockOf('valve'), { type: 'ForceReleaseLock', body: {} })).toMatchObject({
      refusal: { code: 'TL0145' },
    });
  });
});

describe('below an execution that holds a lock', () => {
  const parent = (mutex: JsonObject, wait = '.sync:2'): Json =>
    machine({
      Call: {
        Type: 'Task',
        Resource: `arn:aws:states:::states:startExecution${wait}`,
        Parameters: { StateMachineArn: 'child' },
        Throughline: mutex,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Pass', End: true },
    });

  it('a child that asks for the same asset fails at once: it would wait for ever', () => {
    const world = new LockWorld({ parent: parent({ Mutex: 'pump' }), child: PUMP });
    world.start('p', 'parent');
    world.deliverAll();
    const child = world.executions().find(({ start }) => start?.trigger === 'child');
    expect(child?.end).toMatchObject({ error: 'Throughline.LockOrder', cause: expect.stringContaining('TL0142') });
    expect(world.execution('p').status).toBe('succeeded');
    expect(holderOf(world, 'pump')).toBeUndefined();
  });

  it('a child takes what comes later in order, and the parent keeps its own until the child has ended', () => {
    const world = new LockWorld({ parent: parent({ Mutex: 'a-line' }), child: PUMP });
    world.start('p', 'parent');
    world.deliverAll();
    expect([holderOf(world, 'a-line'), world.tasks.length]).toEqual(['p', 1]);
    world.complete(mustTask(world, 0));
    world.deliverAll();
    expect(world.execution('p').status).toBe('succeeded');
    expect([holderOf(world, 'a-line'), holderOf(world, 'pump')]).toEqual([undefined, undefined]);
  });

  it('a child that nobody waits for may take the same asset', () => {
    const world = new LockWorld({ parent: parent({ Mutex: 'pump' }, ''), child: PUMP });
    world.start('p', 'parent');
    world.deliverAll();
    expect(world.tasks).toHaveLength(1);
  });
});

it('a step without a mutex asks nobody, and the state of its execution knows no locks', () => {
  const world = new LockWorld({ example: machine({ Work: task() }) });
  world.start('a', 'example');
  expect([world.sent, world.execution('a').locks]).toEqual([[], null]);
  expect(mustTask(world, 0)).not.toHaveProperty('fencingTokens');
  expect(
    world.tell(executionOf('a'), { type: 'RecordLockGrant', body: { request: '1.2', asset: 'x', fencingToken: 1 } }),
  ).toMatchObject({ refusal: { code: 'TL0147' } });
});

describe('an execution that is held', () => {
  const control = (world: LockWorld, id: string, type: string, body: JsonObject = {}) =>
    world.tell(executionOf(id), { type, body });
  const waiting = (): LockWorld => {
    const world = new LockWorld({ example: locking({ Mutex: { Assets: ['pump', 'valve'], WaitSeconds: 50 } }) });
    for (const id of ['a', 'b', 'c']) world.start(id, 'example');
    world.deliverAll();
    return world;
  };

  it('leaves the queue when it is paused, and asks anew, behind the others, when it is resumed', () => {
    const world = waiting();
    control(world, 'b', 'PauseExecution');
    world.deliverAll();
    expect([world.execution('b').status, waitingFor(world, 'pump')]).toEqual(['paused', ['c']]);
    control(world, 'b', 'ResumeExecution');
    world.deliverAll();
    expect([world.execution('b').status, waitingFor(world, 'pump')]).toEqual(['waiting', ['c', 'b']]);
    for (const n of [0, 1, 2]) {
      world.complete(mustTask(world, n));
      world.deliverAll();
    }
    expect(world.tasks.map(({ executionId }) => executionId)).toEqual(['a', 'c', 'b']);
  });

  it('keeps the locks of a step that runs when it is paused: running steps finish', () => {
    const world = waiting();
    control(world, 'a', 'PauseExecution');
    world.deliverAll();
    expect(holderOf(world, 'pump')).toBe('a');
    world.complete(mustTask(world, 0));
    world.deliverAll();
    expect([world.execution('a').status, holderOf(world, 'pump')]).toEqual(['paused', 'b']);
  });

  it('gives back a grant that was under way when it was paused', () => {
    const world = waiting();
    world.complete(mustTask(world, 0));
    // The pump is granted to b, and b is paused before it hears.
    while (holderOf(world, 'pump') !== 'b') world.deliver();
    control(world, 'b', 'PauseExecution');
    world.deliverAll();
    expect([holderOf(world, 'pump'), waitingFor(world, 'pump')]).toEqual(['c', []]);
  });

  it.each(['TerminateExecution', 'CancelExecution'])('leaves the queue by %s', (type) => {
    const world = waiting();
    control(world, 'b', type);
    world.deliverAll();
    expect([world.execution('b').status, waitingFor(world, 'pump')]).toEqual(['cancelled', ['c']]);
  });

  it('that is cancelled with a grace keeps the lock of what runs until that ends, and waits for none', () => {
    const fork = machine({
      Both: {
        Type: 'Parallel',
        Branches: [
          machine({ Left: task({ Throughline: { Mutex: 'pump' } }) }),
          machine({ Right: task({ Throughline: { Mutex: 'valve' } }) }),
        ],
        End: true,
      },
    });
    const world = new LockWorld({ other: locking({ Mutex: 'valve' }), fork });
    world.start('o', 'other');
    world.deliverAll();
    world.start('f', 'fork');
    world.deliverAll();
    control(world, 'f', 'CancelExecution', { graceMs: 5_000 });
    world.deliverAll();
    expect([world.execution('f').status, holderOf(world, 'pump'), waitingFor(world, 'valve')]).toEqual([
      'cancelling',
      'f',
      [],
    ]);
    world.complete(mustTask(world, 1));
    world.deliverAll();
    expect([world.execution('f').status, holderOf(world, 'pump')]).toEqual(['cancelled', undefined]);
  });

  it('and one that is taken up again after its end asks for its locks again', () => {
    const world = waiting();
    control(world, 'b', 'TerminateExecution');
    world.deliverAll();
    control(world, 'b', 'ResumeExecution');
    world.deliverAll();
    expect(waitingFor(world, 'pump')).toEqual(['c', 'b']);
  });

  it('a step that got no lock in time has failed: it can be tried again, or skipped', () => {
    const timedOut = (): LockWorld => {
      const world = waiting();
      world.fireNext();
      world.deliverAll();
      expect(world.execution('b').end).toMatchObject({ error: 'Throughline.LockTimeout' });
      return world;
    };
    const again = timedOut();
    control(again, 'b', 'RetryExecution');
    again.deliverAll();
    expect(waitingFor(again, 'pump')).toContain('b');
    const skipped = timedOut();
    control(skipped, 'b', 'ResumeExecution', { skipFailed: true });
    expect(skipped.execution('b').status).toBe('succeeded');
  });
});
