import { codeOf, givenMachine, tasksOf, typesOf } from './spec/given-when-then.ts';
import { machine, ONE_TASK, RETRYING, task } from './spec/example-machines.ts';

describe('a failed execution', () => {
  test('that is retried runs the failed step again, under the same idempotency key', () => {
    const execution = givenMachine(machine({ Before: task({ Next: 'Work' }), Work: task() }));
    execution.start();
    const [first] = tasksOf(execution.complete('input'));
    execution.fail('Broken');
    const then = execution.control('RetryExecution');
    expect(typesOf(then)).toEqual(['ExecutionReopened', 'StepScheduled']);
    const [again] = tasksOf(then);
    expect(again).toMatchObject({ state: 'Work', input: 'input', attempt: 2, idempotencyKey: first?.idempotencyKey });
    expect(execution.complete('ok').state).toMatchObject({ status: 'succeeded', reopened: 1, end: { output: 'ok' } });
  });

  test('has one end for each time that it was reopened', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    for (let n = 1; n <= 3; n += 1) {
      expect(typesOf(execution.fail('Broken')).at(-1)).toBe('ExecutionFailed');
      expect(execution.control('RedriveExecution').events[0]).toEqual({ type: 'ExecutionReopened', n, by: 'redrive' });
    }
  });

  test('has all of its retries again', () => {
    const execution = givenMachine({
      ...RETRYING,
      States: { Work: { ...task({ Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }] }) } },
    });
    execution.start();
    execution.fail('Busy');
    execution.fire();
    expect(execution.fail('Busy').state.status).toBe('failed');
    execution.control('RetryExecution');
    expect(typesOf(execution.fail('Busy'))).toContain('RetryScheduled');
  });

  test('can go on as if the failed step were done', () => {
    const execution = givenMachine(machine({ Work: task({ Next: 'Then' }), Then: task() }));
    execution.start({ n: 1 });
    execution.fail('Broken');
    const then = execution.when({ type: 'ResumeExecution', body: { skipFailed: true } });
    expect(typesOf(then)).toEqual([
      'ExecutionReopened',
      'StateSkipped',
      'StateExited',
      'StateEntered',
      'StepScheduled',
    ]);
    expect(tasksOf(then)).toMatchObject([{ state: 'Then', input: { n: 1 } }]);
  });

  test('cannot skip a state that leads nowhere', () => {
    const execution = givenMachine(machine({ Stop: { Type: 'Fail', Error: 'E', Cause: 'C' } }));
    execution.start();
    expect(codeOf(execution.when({ type: 'ResumeExecution', body: { skipFailed: true } }))).toBe('TL0121');
    expect(execution.state.status).toBe('failed');
  });

  test('of a Map does again only the items that had not ended', () => {
    const execution = givenMachine(
      machine({ Each: { Type: 'Map', ItemProcessor: machine({ Work: task() }), End: true } }),
    );
    execution.start([0, 1, 2, 3]);
    const [first, second] = [...execution.state.attempts.keys()];
    execution.complete('zero', first as never);
    expect(execution.fail('Broken', '', second as never).state.status).toBe('failed');
    const again = tasksOf(execution.control('RedriveExecution'));
    expect(again.map(({ input }) => input)).toEqual([1, 2, 3]);
    for (const { token, input } of again) execution.complete(`item ${String(input)}`, token);
    expect(execution.state.end).toMatchObject({ output: ['zero', 'item 1', 'item 2', 'item 3'] });
  });

  test('that failed on the way out of a state runs the state again', () => {
    const execution = givenMachine(machine({ Work: task({ OutputPath: '$.missing' }) }));
    execution.start();
    expect(execution.complete({}).state.status).toBe('failed');
    execution.control('RedriveExecution');
    expect(execution.complete({ missing: 5 }).state).toMatchObject({ status: 'succeeded', end: { output: 5 } });
  });
});

describe('a failed execution whose result is delivered', () => {
  test('does again only what had not ended', () => {
    const each = { Type: 'Map', ItemProcessor: machine({ Work: task() }), End: true };
    const target = { Type: 'nats', Subject: 'orders' };
    const execution = givenMachine({ ...machine({ Each: each }), Throughline: { Delivery: { Targets: [target] } } });
    execution.start([0, 1]);
    const [first, second] = [...execution.state.attempts.keys()];
    execution.complete('zero', first as never);
    expect(typesOf(execution.fail('Broken', '', second as never))).toContain('DeliveryScheduled');
    expect(tasksOf(execution.control('RedriveExecution')).map(({ input }) => input)).toEqual([1]);
  });
});

describe('a Map that fails before its first item', () => {
  test('is begun again', () => {
    const each = {
      Type: 'Map',
      ItemProcessor: {
        ...machine({ Work: task() }),
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      },
      ItemsPath: '$.items',
      ToleratedFailureCountPath: '$.missing',
      End: true,
    };
    const execution = givenMachine(machine({ Each: each }));
    expect(execution.start({ items: [1, 2] }).state.status).toBe('failed');
    const then = execution.control('RetryExecution');
    expect(typesOf(then).slice(0, 2)).toEqual(['ExecutionReopened', 'MapStarted']);
    expect(then.state.status).toBe('failed');
  });
});

describe('an execution whose time is over', () => {
  test('has all of its time again, and shows what it had waited for', () => {
    const execution = givenMachine(
      machine({ Wait: { Type: 'Wait', Seconds: 3, Next: 'Work' }, Work: task() }, { TimeoutSeconds: 5 }),
    );
    execution.start();
    execution.fire();
    expect(execution.fire().state.status).toBe('timed_out');
    const then = execution.control('RedriveExecution');
    expect(typesOf(then)).toEqual(['ExecutionReopened', 'TimerArmed', 'StepScheduled']);
    expect(execution.complete(1).state.status).toBe('succeeded');
  });
});
