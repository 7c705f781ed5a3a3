import type { JsonObject } from '@throughline/contracts';
import { givenMachine, typesOf } from '../spec/given-when-then.ts';
import { machine, task } from '../spec/example-machines.ts';
import { openAttempts } from '../execution-state.ts';

const branch = (name: string, state: JsonObject): JsonObject => ({
  StartAt: name,
  States: { [name]: { End: true, ...state } },
});
const twoTasks = (extra: JsonObject = {}) =>
  machine({
    Both: {
      Type: 'Parallel',
      Branches: [branch('Left', task()), branch('Right', task({ TimeoutSeconds: 60 }))],
      End: true,
      ...extra,
    },
  });
const tokens = (execution: ReturnType<typeof givenMachine>) => openAttempts(execution.state).map(({ token }) => token);

describe('a Parallel', () => {
  test('runs all its branches at once, each with the input of the state', () => {
    const execution = givenMachine(twoTasks({ Parameters: { 'order.$': '$.id' } }));
    const then = execution.start({ id: 7 });
    expect(typesOf(then)).toEqual([
      'ExecutionStarted',
      'StateEntered',
      'ParallelStarted',
      'BranchStarted',
      'StateEntered',
      'StepScheduled',
      'BranchStarted',
      'StateEntered',
      'StepScheduled',
      'TimerArmed',
    ]);
    expect(openAttempts(then.state).map(({ frame, state, input }) => ({ frame, state, input }))).toEqual([
      { frame: '0.0', state: 'Left', input: { order: 7 } },
      { frame: '0.1', state: 'Right', input: { order: 7 } },
    ]);
  });

  test('gives the outputs in the order of its branches, whichever ends first', () => {
    const execution = givenMachine(twoTasks({ ResultPath: '$.both' }));
    execution.start({ id: 7 });
    const [left, right] = tokens(execution);
    execution.complete('second', right);
    const then = execution.complete('first', left);
    expect(then.state.end?.output).toEqual({ id: 7, both: ['first', 'second'] });
    expect(typesOf(then)).toEqual([
      'StepSucceeded',
      'StateExited',
      'ParallelSucceeded',
      'StateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('fails with the first branch that fails, and nothing of the others is awaited any more', () => {
    const execution = givenMachine(twoTasks());
    execution.start();
    const [left] = tokens(execution);
    const then = execution.fail('Broken', 'why', left);
    expect(typesOf(then)).toEqual([
      'StepFailed',
      'StateAborted',
      'BranchFailed',
      'StepCancelled',
      'TimerCancelled',
      'StateAborted',
      'ParallelFailed',
      'ExecutionFailed',
    ]);
    expect(then.state.end).toMatchObject({ error: 'Broken', cause: 'why' });
    expect({ attempts: then.state.attempts.size, timers: then.state.timers.size }).toEqual({ attempts: 0, timers: 0 });
  });

  test('ends the execution where a fault of the machine itself stands, whatever it would catch', () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Both' }];
    const faulty = branch('Left', { Type: 'Pass', Parameters: { 'x.$': '$.absent' } });
    const Branches = [branch('Right', task({ TimeoutSeconds: 60 })), faulty];
    const then = givenMachine(machine({ Both: { Type: 'Parallel', Branches, Catch, End: true } })).start();
    expect(typesOf(then).slice(-4)).toEqual(['StateEntered', 'StepCancelled', 'TimerCancelled', 'ExecutionFailed']);
    expect(then.state.end?.error).toBe('States.Runtime');
  });

  test('is retried from its first states, with the idempotency keys of before and frames of its own', () => {
    const execution = givenMachine(
      twoTasks({ Retry: [{ ErrorEquals: ['Broken'], IntervalSeconds: 1, MaxAttempts: 1 }] }),
    );
    execution.start();
    const before = openAttempts(execution.state);
    expect(typesOf(execution.fail('Broken', '', before[1]?.token))).toEqual([
      'StepFailed',
      'TimerCancelled',
      'StateAborted',
      'BranchFailed',
      'StepCancelled',
      'StateAborted',
      'RetryScheduled',
      'TimerArmed',
    ]);
    execution.fire();
    const after = openAttempts(execution.state);
    expect(after.map(({ frame }) => frame)).toEqual(['0.2', '0.3']);
    expect(after.map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      before.map(({ idempotencyKey }) => idempotencyKey),
    );
    execution.complete(1, after[0]?.token);
    expect(execution.complete(2, after[1]?.token).state.end?.output).toEqual([1, 2]);
  });

  test('catches what its branches do not', () => {
    const execution = givenMachine({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'Bad', States: { Bad: { Type: 'Fail', Error: 'No', Cause: 'because' } } }],
          Catch: [{ ErrorEquals: ['No'], ResultPath: '$.failure', Next: 'Mend' }],
          End: true,
        },
        Mend: { Type: 'Pass', End: true },
      },
    });
    expect(execution.start({ a: 1 }).state.end?.output).toEqual({ a: 1, failure: { Error: 'No', Cause: 'because' } });
  });

  test('waits while all that is left of it waits for timers', () => {
    const execution = givenMachine(
      machine({
        Both: {
          Type: 'Parallel',
          Branches: [branch('Rest', { Type: 'Wait', Seconds: 10 }), branch('Work', task())],
          End: true,
        },
      }),
    );
    expect(execution.start().state.status).toBe('running');
    expect(execution.complete('done').state.status).toBe('waiting');
    expect(execution.fire().state.status).toBe('succeeded');
  });

  test('nests', () => {
    const inner = {
      StartAt: 'In',
      States: { In: { Type: 'Parallel', Branches: [branch('Deep', task())], End: true } },
    };
    const execution = givenMachine(machine({ Out: { Type: 'Parallel', Branches: [inner], End: true } }));
    execution.start();
    expect(openAttempts(execution.state)[0]?.frame).toBe('0.0.0');
    expect(execution.complete('x').state.end?.output).toEqual([['x']]);
  });
});
