import { givenMachine, codeOf, ExecutionUnderTest, tasksOf, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';

describe('StartExecution', () => {
  test('runs to the first wait in one decision', () => {
    const then = givenMachine(machine({ A: { Type: 'Pass', Result: { n: 1 }, Next: 'B' }, B: task() })).start({ x: 1 });
    expect(typesOf(then)).toEqual(['ExecutionStarted', 'StateEntered', 'StateExited', 'StateEntered', 'StepScheduled']);
    expect(then.state.status).toBe('running');
    expect(tasksOf(then)).toMatchObject([{ token: '1.4', state: 'B', attempt: 1, input: { n: 1 }, queue: 'default' }]);
  });

  test('writes a payload only where it is computed', () => {
    const then = givenMachine(
      machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', InputPath: '$.a', ResultPath: '$.b', End: true } }),
    ).start({ a: 1 });
    const exits = then.events.filter((event) => event.type === 'StateExited');
    expect(exits).toEqual([
      { type: 'StateExited', frame: '0', state: 'A', next: 'B' },
      { type: 'StateExited', frame: '0', state: 'B', output: { value: { a: 1, b: 1 } } },
    ]);
    expect(then.state.end).toMatchObject({ output: { a: 1, b: 1 } });
  });

  test('pins the workflow version and takes the execution id as root and correlation id', () => {
    const { state } = givenMachine(ONE_TASK, { id: 'order-7' }).start();
    expect(state.start).toMatchObject({
      workflow: { name: 'example', version: 1, states: 1 },
      rootExecutionId: 'order-7',
    });
    expect(state.correlationId).toBe('order-7');
  });

  test('takes correlation and lineage from its body where they are given', () => {
    const execution = givenMachine(ONE_TASK);
    const { state } = execution.when({
      type: 'StartExecution',
      body: {
        workflow: 'example',
        input: null,
        trigger: 'child',
        // Plain tokens: the schema brands them on the way in.
        rootExecutionId: 'root-1' as never,
        parentExecutionId: 'parent-1' as never,
        correlationId: 'chain-1' as never,
      },
    });
    expect(state.correlationId).toBe('chain-1');
    expect(state.start).toMatchObject({ rootExecutionId: 'root-1', parentExecutionId: 'parent-1', trigger: 'child' });
  });

  test('the same start again under another command id is a duplicate, another body is refused', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start({ a: 1, b: 2 });
    const again = execution.start({ b: 2, a: 1 });
    expect(again.outcomes).toMatchObject([{ kind: 'accepted', duplicate: true, version: 1 }]);
    expect(again.events).toEqual([]);
    expect(codeOf(execution.start({ a: 2 }))).toBe('TL0104');
    expect(execution.log).toHaveLength(1);
  });

  test('an unknown workflow or version is refused and leaves no trace', () => {
    const execution = new ExecutionUnderTest(undefined);
    expect(codeOf(execution.start())).toBe('TL0101');
    const versioned = { workflow: 'example', version: 9, input: {}, trigger: 'manual' } as const;
    expect(codeOf(execution.when({ type: 'StartExecution', body: versioned }))).toBe('TL0102');
    expect(execution.log).toEqual([]);
    expect(execution.state.version).toBe(0);
  });

  test('an input over the size of state data is refused', () => {
    expect(codeOf(givenMachine(ONE_TASK).start('x'.repeat(262_143)))).toBe('TL0005');
    expect(codeOf(givenMachine(ONE_TASK).start('x'.repeat(262_142)))).toBeUndefined();
    // Bytes of UTF-8, not characters.
    expect(codeOf(givenMachine(ONE_TASK).start('ü'.repeat(131_072)))).toBe('TL0005');
  });

  test('the machine timeout is armed with the start', () => {
    const { effects } = givenMachine({ ...ONE_TASK, TimeoutSeconds: 60 }).start();
    expect(effects.map((effect) => effect.kind)).toEqual(['arm-timer', 'task']);
    expect(effects[0]).toMatchObject({ timer: '1-1', dueAt: '2026-01-31T12:01:00.000Z' });
  });

  test('a Fail state ends it with its error and cause', () => {
    const { state } = givenMachine(machine({ No: { Type: 'Fail', Error: 'Bad', Cause: 'because' } })).start();
    expect(state).toMatchObject({ status: 'failed', end: { error: 'Bad', cause: 'because' } });
  });

  test('an evaluation error names the state and the event that entered it', () => {
    const { state } = givenMachine(
      machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', InputPath: '$.no', End: true } }),
    ).start({});
    expect(state.end).toMatchObject({ error: 'States.Runtime' });
    expect(state.end?.cause).toContain("while executing the state 'B' (entered at the event id #4)");
  });

  test('computed data over the limit fails with States.DataLimitExceeded', () => {
    const doubled = { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, End: true };
    const { state } = givenMachine(machine({ A: doubled })).start('x'.repeat(200_000));
    expect(state.end).toMatchObject({ error: 'States.DataLimitExceeded' });
    expect(state.end?.cause).toContain('exceeding the maximum number of bytes service limit');
  });

  test('data that a loop nests ever deeper fails with States.DataLimitExceeded before the stack ends', () => {
    const wrap = { Type: 'Pass', Parameters: { 'x.$': '$' } };
    const { state } = givenMachine(machine({ A: { ...wrap, Next: 'B' }, B: { ...wrap, Next: 'A' } })).start();
    expect(state.end).toMatchObject({ error: 'States.DataLimitExceeded' });
  });
});
