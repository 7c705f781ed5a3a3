import { codeOf, givenMachine, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';

describe('CancelExecution', () => {
  test('closes open attempts and timers, then ends', () => {
    const execution = givenMachine(machine({ Work: task({ TimeoutSeconds: 90 }) }, { TimeoutSeconds: 600 }));
    execution.start();
    const token = execution.openToken();
    const then = execution.cancel();
    expect(typesOf(then)).toEqual(['StepCancelled', 'TimerCancelled', 'TimerCancelled', 'ExecutionCancelled']);
    expect(then.state).toMatchObject({ status: 'cancelled', attempts: {}, timers: {} });
    expect(codeOf(execution.complete(1, token))).toBe('TL0106');
  });

  test('ends a waiting execution', () => {
    const execution = givenMachine(machine({ Rest: { Type: 'Wait', Seconds: 5, End: true } }));
    execution.start();
    expect(typesOf(execution.cancel())).toEqual(['TimerCancelled', 'ExecutionCancelled']);
  });

  test('of an unknown or ended execution is refused', () => {
    const execution = givenMachine(ONE_TASK);
    expect(codeOf(execution.cancel())).toBe('TL0105');
    execution.start();
    execution.complete(1);
    expect(codeOf(execution.cancel())).toBe('TL0106');
  });
});
