import { awaitedEffects } from '../effects.ts';
import { codeOf, type ExecutionUnderTest, givenMachine, tasksOf, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';

const defer = (execution: ExecutionUnderTest, forMs = 5_000) =>
  execution.when({
    type: 'DeferStep',
    body: { token: execution.openToken(), forMs, error: 'States.Http.Socket', cause: 'it is down', worker: 'w' },
  });

describe('DeferStep', () => {
  test('keeps the attempt open, and its task comes again when the time is over', () => {
    const execution = givenMachine(ONE_TASK);
    const [first] = tasksOf(execution.start({ n: 1 }));
    expect(typesOf(defer(execution))).toEqual(['StepDeferred', 'TimerArmed']);
    const then = execution.fire();
    expect(execution.now).toBe('2026-01-31T12:00:05.000Z');
    expect(typesOf(then)).toEqual(['TimerFired', 'StepOffered']);
    expect(tasksOf(then)).toEqual([first]);
    // Another message, or the broker would take it for the one that it had.
    expect(then.effects).toMatchObject([{ kind: 'task', id: 'default.exec-1.1.2.3.1' }]);
    expect(typesOf(execution.complete({}))).toEqual(['StepSucceeded', 'StateExited', 'ExecutionSucceeded']);
  });

  test('takes no Retry away', () => {
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 }];
    const execution = givenMachine(machine({ Work: task({ Retry }) }));
    execution.start();
    for (let i = 0; i < 5; i += 1) {
      defer(execution);
      execution.fire();
    }
    expect(typesOf(execution.fail('Busy'))).toContain('RetryScheduled');
    expect(tasksOf(execution.fire())).toMatchObject([{ attempt: 2 }]);
  });

  test('awaits the timer alone while it waits, and the task afterwards', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    defer(execution);
    expect(awaitedEffects(execution.state)).toMatchObject([{ kind: 'arm-timer' }]);
    execution.fire();
    expect(awaitedEffects(execution.state)).toMatchObject([{ kind: 'task' }]);
  });

  test('does not outlast the timeout of the step', () => {
    const execution = givenMachine(machine({ Work: task({ TimeoutSeconds: 3 }) }));
    execution.start();
    defer(execution);
    expect(typesOf(execution.fire())).toEqual(['TimerFired', 'StepTimedOut', 'TimerCancelled', 'ExecutionFailed']);
  });

  test('waits no longer than half a heartbeat, and counts as one', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 4 }) }));
    execution.start();
    defer(execution, 60_000);
    expect(typesOf(execution.fire())).toEqual(['TimerFired', 'StepOffered']);
    expect(execution.now).toBe('2026-01-31T12:00:02.000Z');
  });

  test('said by a second worker changes nothing, and a result of one that went on counts', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    defer(execution);
    expect(defer(execution).outcomes).toEqual([{ kind: 'ignored' }]);
    expect(typesOf(execution.complete(1))).toEqual([
      'StepSucceeded',
      'TimerCancelled',
      'StateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('of a closed attempt, or of one that is being cancelled, is refused', () => {
    const closed = givenMachine(machine({ A: task({ Next: 'B' }), B: task() }));
    closed.start();
    const token = closed.openToken();
    closed.complete(1);
    const body = { token, forMs: 1_000, worker: 'w' };
    expect(codeOf(closed.when({ type: 'DeferStep', body }))).toBe('TL0107');
    const cancelling = givenMachine(ONE_TASK);
    cancelling.start();
    cancelling.cancel(10_000);
    expect(codeOf(defer(cancelling))).toBe('TL0107');
  });

  test('stands still during a pause', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    defer(execution);
    execution.control('PauseExecution');
    expect(codeOf(execution.fire())).toBe('TL0108');
    execution.control('ResumeExecution');
    expect(typesOf(execution.fire())).toEqual(['TimerFired', 'StepOffered']);
  });
});
