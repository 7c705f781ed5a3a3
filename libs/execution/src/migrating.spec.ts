import { machine, ONE_TASK, task } from './spec/example-machines.ts';
import { codeOf, givenMachine, resolved, tasksOf, typesOf } from './spec/given-when-then.ts';

const TWO = machine({ First: task({ Next: 'Second' }), Second: task() });
const TWO_OTHERWISE = machine({
  First: task({ Next: 'Second' }),
  Second: { Type: 'Pass', Result: 'passed', End: true },
});

const given = (definition: Parameters<typeof givenMachine>[0], ...versions: Parameters<typeof givenMachine>[0][]) => {
  const execution = givenMachine(definition, {
    versions: versions.map((other, i) => resolved(other, 'example', i + 2)),
  });
  execution.start({});
  return execution;
};

describe('an execution that is moved to another version', () => {
  test('goes on as that version says, with the step that was open', () => {
    const execution = given(TWO, TWO_OTHERWISE);
    const then = execution.migrate(2);
    expect(typesOf(then)).toEqual(['ExecutionMigrated']);
    expect(then.effects).toEqual([]);
    expect(execution.state.start?.workflow).toMatchObject({ name: 'example', version: 2, states: 2 });
    expect(typesOf(execution.complete('done'))).toContain('ExecutionSucceeded');
    expect(execution.state.end?.output).toBe('passed');
  });

  test('hands out tasks of that version', () => {
    const execution = given(TWO, machine({ First: task({ Next: 'Second' }), Second: task({ TimeoutSeconds: 9 }) }));
    execution.migrate(2);
    expect(tasksOf(execution.complete('done'))).toMatchObject([{ state: 'Second', workflow: { version: 2 } }]);
  });

  test('was checked up to its last commit, or is refused', () => {
    const execution = given(TWO, TWO_OTHERWISE);
    execution.complete('done');
    expect(codeOf(execution.migrate(2, 1))).toBe('TL0421');
    const [, move] = execution.whenAll([
      { command: { type: 'PauseExecution', body: {} } },
      { command: { type: 'MigrateExecution', body: { version: 2, checkedVersion: execution.state.version } } },
    ]).outcomes;
    expect(move).toMatchObject({ kind: 'refused', refusal: { code: 'TL0421' } });
    expect(execution.state.start?.workflow.version).toBe(1);
  });

  test('is refused a version that is not there, or that it has', () => {
    const execution = given(ONE_TASK, ONE_TASK);
    expect(codeOf(execution.migrate(3))).toBe('TL0102');
    expect(codeOf(execution.migrate(1))).toBe('TL0423');
  });

  test('needs a state of the same name and type for all that runs', () => {
    const renamed = machine({ Other: task() });
    const waiting = machine({ Work: { Type: 'Wait', Seconds: 1, End: true } });
    const execution = given(ONE_TASK, renamed, waiting);
    expect(execution.migrate(2).outcomes).toMatchObject([
      { refusal: { code: 'TL0422', message: expect.stringContaining("no state 'Work'") } },
    ]);
    expect(codeOf(execution.migrate(3))).toBe('TL0422');
  });

  test('needs the branches and processors that run, too', () => {
    const branches = (...inner: readonly string[]) =>
      machine({
        Both: {
          Type: 'Parallel',
          Branches: inner.map((name) => ({ StartAt: name, States: { [name]: task() } })),
          End: true,
        },
      });
    const execution = given(
      branches('Left', 'Right'),
      branches('Left'),
      branches('Left', 'Wrong'),
      branches('Left', 'Right'),
    );
    expect(codeOf(execution.migrate(2))).toBe('TL0422');
    expect(codeOf(execution.migrate(3))).toBe('TL0422');
    expect(codeOf(execution.migrate(4))).toBeUndefined();
  });
});
