import { codeOf, givenMachine, typesOf } from './spec/given-when-then.ts';
import { machine, ONE_TASK, task } from './spec/example-machines.ts';

const BOTH = machine({
  Both: {
    Type: 'Parallel',
    Branches: [
      machine({ Work: task({ Next: 'More' }), More: task() }),
      machine({ Wait: { Type: 'Wait', Seconds: 90, End: true } }),
    ],
    Retry: [{ ErrorEquals: ['States.ALL'] }],
    End: true,
  },
});

describe('an execution that is cancelled with a grace', () => {
  test('tells the workers, waits for them, and for nothing else', () => {
    const execution = givenMachine(BOTH);
    execution.start();
    const token = execution.openToken();
    const then = execution.cancel(5_000);
    expect(typesOf(then)).toEqual(['CancellationRequested', 'TimerCancelled', 'TimerArmed']);
    expect(then.effects).toContainEqual({ kind: 'abort-attempts', ref: execution.state.ref, tokens: [token] });
    const done = execution.complete('late, but within the grace', token);
    expect(typesOf(done)).toEqual(['StepSucceeded', 'StateExited', 'TimerCancelled', 'ExecutionCancelled']);
  });

  test('is cancelled when the grace is over, and a result is refused from then on', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    const token = execution.openToken();
    execution.cancel(5_000);
    expect(typesOf(execution.fire())).toEqual(['TimerFired', 'StepCancelled', 'ExecutionCancelled']);
    expect(codeOf(execution.complete(1, token))).toBe('TL0106');
  });

  test('does not retry or catch what fails in the grace', () => {
    const execution = givenMachine(BOTH);
    execution.start();
    execution.cancel(5_000);
    const failed = execution.fail('Aborted');
    expect(typesOf(failed)).toEqual(['StepFailed', 'TimerCancelled', 'ExecutionCancelled']);
  });

  test('is cancelled at once where no worker has anything of it', () => {
    const execution = givenMachine(machine({ Wait: { Type: 'Wait', Seconds: 90, End: true } }));
    execution.start();
    expect(execution.cancel(5_000).state.status).toBe('cancelled');
  });

  test('can be redriven, and does again only what had not ended', () => {
    const execution = givenMachine(BOTH);
    execution.start();
    execution.cancel(5_000);
    execution.complete('first');
    const then = execution.control('RedriveExecution');
    expect(typesOf(then)).toEqual(['ExecutionReopened', 'StateEntered', 'StepScheduled', 'TimerArmed']);
    execution.complete('second');
    expect(execution.fire().state).toMatchObject({ status: 'succeeded', end: { output: ['second', {}] } });
  });
});
