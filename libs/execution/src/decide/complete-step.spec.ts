import { codeOf, givenMachine, tasksOf, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';

describe('CompleteStep', () => {
  test('goes on with the result, which stands once on the log', () => {
    const execution = givenMachine(machine({ A: task({ Next: 'B' }), B: task() }));
    execution.start({ x: 1 });
    const then = execution.complete({ y: 2 });
    expect(typesOf(then)).toEqual(['StepSucceeded', 'StateExited', 'StateEntered', 'StepScheduled']);
    expect(then.events[1]).toMatchObject({ output: { ref: 'output' }, next: 'B' });
    expect(tasksOf(then)).toMatchObject([{ state: 'B', input: { y: 2 } }]);
    expect(execution.complete({ z: 3 }).state).toMatchObject({ status: 'succeeded', end: { output: { z: 3 } } });
  });

  test('ResultSelector, ResultPath and OutputPath apply to the result', () => {
    const execution = givenMachine(
      machine({ A: task({ ResultSelector: { 'id.$': '$.order.id' }, ResultPath: '$.got', OutputPath: '$.got' }) }),
    );
    execution.start({ x: 1 });
    expect(execution.complete({ order: { id: 7 } }).state.end).toMatchObject({ output: { id: 7 } });
  });

  test('the first result of an attempt wins; another one is refused', () => {
    const execution = givenMachine(machine({ A: task({ Next: 'B' }), B: task() }));
    execution.start();
    const token = execution.openToken();
    execution.complete(1, token, 'first');
    expect(codeOf(execution.complete(2, token, 'second'))).toBe('TL0107');
    expect(execution.complete(1, token, 'first').outcomes).toMatchObject([
      { kind: 'accepted', duplicate: true, version: 2 },
    ]);
    expect(execution.log).toHaveLength(2);
  });

  test('a repeat of the winning result is a duplicate even after the end', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    const token = execution.openToken();
    execution.complete(1, token, 'first');
    expect(execution.complete(1, token, 'first').outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
    expect(codeOf(execution.complete(1, token, 'other'))).toBe('TL0106');
  });

  test('a result for an execution that does not exist is refused', () => {
    expect(codeOf(givenMachine(ONE_TASK).complete(1, '1.2' as never))).toBe('TL0105');
  });

  test('closing an attempt cancels its timers', () => {
    const execution = givenMachine(machine({ A: task({ TimeoutSeconds: 30, HeartbeatSeconds: 5 }) }));
    execution.start();
    const then = execution.complete(1);
    expect(typesOf(then)).toEqual([
      'StepSucceeded',
      'TimerCancelled',
      'TimerCancelled',
      'StateExited',
      'ExecutionSucceeded',
    ]);
    expect(then.effects.map((effect) => effect.kind)).toEqual(['cancel-timer', 'cancel-timer']);
    expect(then.state.timers.size).toBe(0);
  });

  test('a result over the size of state data fails the execution', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    const { state } = execution.complete('x'.repeat(262_143));
    expect(state.end).toMatchObject({
      error: 'States.DataLimitExceeded',
      cause:
        "The state/task 'tl:task:default:work' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  test.each([
    ['arn:aws:states:::lambda:invoke', 'lambda'],
    ['arn:aws:states:::aws-sdk:s3:getObject', 'aws-sdk:s3'],
    ['arn:aws:lambda:us-east-1:111111111111:function:pack', 'arn:aws:lambda:us-east-1:111111111111:function:pack'],
  ])('a result of %s over that size is the fault of %s', (Resource, name) => {
    const execution = givenMachine(machine({ Work: { ...task(), Resource } }));
    execution.start();
    expect(execution.complete('x'.repeat(262_143)).state.end?.cause).toContain(`The state/task '${name}' returned`);
  });

  test('a job that has ended was submitted before, whether its worker said so or not', () => {
    const execution = givenMachine(machine({ Work: { ...task(), Resource: 'arn:aws:states:::ecs:runTask.sync' } }));
    execution.start();
    const then = execution.complete({ exitCode: 0 });
    expect(typesOf(then)).toEqual(['StepSubmitted', 'StepSucceeded', 'StateExited', 'ExecutionSucceeded']);
    expect(then.state.end?.output).toEqual({ exitCode: 0 });
  });

  test('visits count how often a state was entered, and give each its own idempotency key', () => {
    const execution = givenMachine(
      machine({
        Work: task({ Next: 'Again' }),
        Again: { Type: 'Choice', Choices: [{ Variable: '$.more', BooleanEquals: true, Next: 'Work' }], Default: 'End' },
        End: { Type: 'Succeed' },
      }),
    );
    const [first] = tasksOf(execution.start());
    const then = execution.complete({ more: true });
    const [second] = tasksOf(then);
    expect(then.events.at(-1)).toMatchObject({ type: 'StepScheduled', visit: 2, attempt: 1 });
    expect(second?.idempotencyKey).not.toBe(first?.idempotencyKey);
  });
});
