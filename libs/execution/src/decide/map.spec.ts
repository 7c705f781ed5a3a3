import type { Json, JsonObject } from '@throughline/contracts';
import fc from 'fast-check';
import { openAttempts } from '../execution-state.ts';
import { machine, task } from '../spec/example-machines.ts';
import { givenMachine, typesOf } from '../spec/given-when-then.ts';

const each = (state: JsonObject, extra: JsonObject = {}, config: JsonObject = {}): Json =>
  machine({
    Each: {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: config, StartAt: 'Do', States: { Do: { End: true, ...state } } },
      End: true,
      ...extra,
    },
  });
const DISTRIBUTED = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
const open = (execution: ReturnType<typeof givenMachine>) => openAttempts(execution.state);

describe('a Map', () => {
  test('runs its processor for every item and gives the outputs in the order of the items', () => {
    const execution = givenMachine(each(task(), { ItemsPath: '$.items' }));
    execution.start({ items: ['a', 'b', 'c'] });
    const attempts = open(execution);
    expect(attempts.map(({ frame, input }) => [frame, input])).toEqual([
      ['0.0', 'a'],
      ['0.1', 'b'],
      ['0.2', 'c'],
    ]);
    for (const { token, input } of [...attempts].reverse()) execution.complete(`${String(input)}!`, token);
    expect(execution.state.end?.output).toEqual(['a!', 'b!', 'c!']);
  });

  test('of nothing gives nothing', () => {
    const then = givenMachine(each(task())).start([]);
    expect(typesOf(then)).toEqual([
      'ExecutionStarted',
      'StateEntered',
      'MapStarted',
      'MapSucceeded',
      'StateExited',
      'ExecutionSucceeded',
    ]);
    expect(then.state.end?.output).toEqual([]);
  });

  test('may have its items read by a worker, who is told how', () => {
    const reader = {
      Resource: 'tl:task:files:read',
      Parameters: { 'Key.$': '$.file' },
      ReaderConfig: { InputType: 'CSV', MaxItems: 2 },
    };
    const execution = givenMachine(each({ Type: 'Pass' }, { ItemReader: reader }, DISTRIBUTED));
    execution.start({ file: 'orders.csv' });
    expect(open(execution)).toMatchObject([
      { queue: 'files', handler: 'read', input: { Key: 'orders.csv', ReaderConfig: { InputType: 'CSV' } } },
    ]);
    expect(execution.complete([{ id: 1 }, { id: 2 }, { id: 3 }]).state.end?.output).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('whose items cannot be read fails with a name of its own, and may be retried', () => {
    const retry = [{ ErrorEquals: ['States.ItemReaderFailed'], MaxAttempts: 1 }];
    const execution = givenMachine(
      each({ Type: 'Pass' }, { ItemReader: { Resource: 'tl:task:files:read' }, Retry: retry }, DISTRIBUTED),
    );
    execution.start({});
    expect(typesOf(execution.fail('NoSuchFile', 'orders.csv'))).toContain('RetryScheduled');
    execution.fire();
    expect(execution.fail('NoSuchFile', 'orders.csv').state.end).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: 'NoSuchFile: orders.csv',
    });
  });

  test('whose reader gives no array has read nothing', () => {
    const reader = { ItemReader: { Resource: 'tl:task:files:read' } };
    const execution = givenMachine(each({ Type: 'Pass' }, reader, DISTRIBUTED));
    execution.start([1]);
    expect(execution.complete({ no: 'array' }).state.end).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: 'Attempting to map over non-iterable node.',
    });
  });

  test('begins no iteration before its items are read, whatever runs beside it', () => {
    const map = each({ Type: 'Pass' }, { ItemReader: { Resource: 'tl:task:files:read' } }, DISTRIBUTED);
    const execution = givenMachine(
      machine({ Both: { Type: 'Parallel', Branches: [map, machine({ Other: task() })], End: true } }),
    );
    execution.start({});
    const [reading, other] = open(execution);
    expect(typesOf(execution.complete('other', other?.token))).not.toContain('IterationStarted');
    expect(execution.complete([1, 2], reading?.token).state.end?.output).toEqual([[1, 2], 'other']);
  });

  test('selects what an item becomes, with the item and its index at hand', () => {
    const execution = givenMachine(
      each(
        { Type: 'Pass' },
        {
          ItemSelector: { 'n.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'of.$': '$.name' },
          ItemsPath: '$.items',
        },
      ),
    );
    expect(execution.start({ items: [true, false], name: 'x' }).state.end?.output).toEqual([
      { n: 0, v: true, of: 'x' },
      { n: 1, v: false, of: 'x' },
    ]);
  });

  test('runs at most MaxConcurrency iterations at once', () => {
    const execution = givenMachine(each(task(), { MaxConcurrency: 2 }));
    execution.start([1, 2, 3, 4, 5]);
    const inputs: Json[] = [];
    while (open(execution).length > 0) {
      expect(open(execution).length).toBeLessThanOrEqual(2);
      const [first] = open(execution);
      inputs.push(first?.input ?? null);
      execution.complete(first?.input ?? null, first?.token);
    }
    expect(inputs).toEqual([1, 2, 3, 4, 5]);
    expect(execution.state.end?.output).toEqual([1, 2, 3, 4, 5]);
  });

  test('fails with the first iteration that fails', () => {
    const execution = givenMachine(each(task()));
    execution.start([1, 2]);
    const then = execution.fail('Broken', 'why', open(execution)[1]?.token);
    expect(typesOf(then)).toEqual([
      'StepFailed',
      'StateAborted',
      'IterationFailed',
      'StepCancelled',
      'StateAborted',
      'IterationAborted',
      'MapFailed',
      'ExecutionFailed',
    ]);
    expect(then.state.end).toMatchObject({ error: 'Broken', cause: 'why' });
    expect(then.state.frames.byId.size).toBe(1);
  });

  test('tolerates as many failures as it says, where it is distributed', () => {
    const execution = givenMachine(each(task(), { ToleratedFailureCount: 1 }, DISTRIBUTED));
    execution.start(['a', 'b', 'c']);
    const [a, b, c] = open(execution);
    execution.fail('Broken', '', b?.token);
    expect(execution.state.status).toBe('running');
    execution.complete('A', a?.token);
    expect(execution.complete('C', c?.token).state.end?.output).toEqual(['A', 'C']);
  });

  test('tolerates faults of the machine itself too, where it is distributed', () => {
    const faulty = {
      Type: 'Parallel',
      Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', InputPath: '$.x', End: true } } }],
    };
    const execution = givenMachine(each(faulty, { ToleratedFailureCount: 1 }, DISTRIBUTED));
    expect(execution.start([{ x: 1 }, {}]).state.end?.output).toEqual([[1]]);
  });

  test('may tolerate more failures than a few rounds hold', () => {
    const limits = { roundEventsMax: 60, continuationsWithoutProgressMax: 2 };
    const execution = givenMachine(
      each({ Type: 'Pass', InputPath: '$.no' }, { ToleratedFailureCount: 99 }, DISTRIBUTED),
      {
        limits,
      },
    );
    execution.start(Array.from({ length: 99 }, () => 0));
    for (let rounds = 0; rounds < 20 && execution.state.continuation; rounds += 1) {
      execution.when({ type: 'ContinueExecution', body: {} });
    }
    expect(execution.state.end?.output).toEqual([]);
  });

  test('has iterations that do not see the variables around it, where it is distributed', () => {
    const given = { Given: { Type: 'Pass', Assign: { x: 1 }, Next: 'Each' } };
    const states = (mode: JsonObject): Json => {
      const { States } = each({ Type: 'Pass', Parameters: { 'x.$': '$x' } }, {}, mode) as { States: JsonObject };
      return { StartAt: 'Given', States: { ...given, ...States } };
    };
    expect(givenMachine(states({})).start([0]).state.end?.output).toEqual([{ x: 1 }]);
    expect(givenMachine(states(DISTRIBUTED)).start([0]).state.status).toBe('failed');
  });

  test('fails beyond what it tolerates', () => {
    const execution = givenMachine(each(task(), { ToleratedFailurePercentage: 30 }, DISTRIBUTED));
    execution.start(['a', 'b', 'c']);
    const then = execution.fail('Broken', '', open(execution)[0]?.token);
    expect(then.state.end?.error).toBe('States.ExceedToleratedFailureThreshold');
  });

  test('gives its iterations batches of items', () => {
    const execution = givenMachine(
      each({ Type: 'Pass' }, { ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'from.$': '$[0]' } } }, DISTRIBUTED),
    );
    expect(execution.start([1, 2, 3]).state.end?.output).toEqual([
      { BatchInput: { from: 1 }, Items: [1, 2] },
      { BatchInput: { from: 1 }, Items: [3] },
    ]);
  });

  test('of ten thousand items goes on round by round and keeps few of them open', () => {
    const execution = givenMachine(each({ Type: 'Pass' }));
    let then = execution.start(Array.from({ length: 10_000 }, (_, i) => i % 7));
    let rounds = 1;
    while (then.state.continuation) {
      expect(then.events.length).toBeLessThanOrEqual(1_000);
      expect(then.state.frames.byId.size).toBeLessThanOrEqual(1_001);
      then = execution.when({ type: 'ContinueExecution', body: {} });
      rounds += 1;
    }
    expect(then.state.status).toBe('succeeded');
    expect(then.state.end?.output).toEqual(Array.from({ length: 10_000 }, (_, i) => i % 7));
    expect(rounds).toBeGreaterThan(25);
  });

  test('whose outputs grow beyond what can be held fails without waiting for the rest', () => {
    const execution = givenMachine(each(task()), { limits: { fanOutOutputBytesMax: 1_000 } });
    execution.start([1, 2, 3]);
    execution.complete('x'.repeat(600));
    const then = execution.complete('y'.repeat(600));
    expect(then.state.end?.error).toBe('States.DataLimitExceeded');
    expect(then.state.attempts.size).toBe(0);
  });

  test('whatever the order in which results arrive, outputs stand in the order of the items', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 4 }),
        fc.infiniteStream(fc.nat()),
        (length, maxConcurrency, picks) => {
          const execution = givenMachine(each(task(), { MaxConcurrency: maxConcurrency }));
          execution.start(Array.from({ length }, (_, i) => i));
          for (const pick of picks) {
            const attempts = open(execution);
            if (attempts.length === 0) break;
            const attempt = attempts[pick % attempts.length];
            execution.complete([attempt?.input ?? null], attempt?.token);
          }
          expect(execution.state.end?.output).toEqual(Array.from({ length }, (_, i) => [i]));
        },
      ),
    );
  });
});
