import { givenMachine } from '../spec/given-when-then.ts';
import { machine, task } from '../spec/example-machines.ts';

describe('what a handler declares itself to be', () => {
  const declaring = { Throughline: { EffectClass: 'idempotent' } };

  test('stands with its report, and the event has no more to say', () => {
    const execution = givenMachine(machine({ A: task() }));
    execution.start();
    const then = execution.complete(1, undefined, undefined, { effectClass: 'pure' });
    expect(then.events[0]).toEqual({ type: 'StepSucceeded', token: '1.2' });
  });

  test('goes behind what the definition declares, and the event says so', () => {
    const execution = givenMachine(machine({ A: task({ ...declaring, Retry: [{ ErrorEquals: ['Busy'] }] }) }));
    execution.start();
    const failed = execution.fail('Busy', '', undefined, undefined, { effectClass: 'external' });
    expect(failed.events[0]).toMatchObject({ type: 'StepFailed', effectClass: 'declared' });
    execution.fire();
    const succeeded = execution.complete(1, undefined, undefined, { effectClass: 'external' });
    expect(succeeded.events[0]).toMatchObject({ type: 'StepSucceeded', effectClass: 'declared' });
  });

  test('is not asked for: a report without it is decided as ever', () => {
    const execution = givenMachine(machine({ A: task(declaring) }));
    execution.start();
    expect(execution.complete(1).events[0]).toEqual({ type: 'StepSucceeded', token: '1.2' });
  });
});
