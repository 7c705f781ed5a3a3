import { progressOf } from './progress.ts';
import { machine, task } from './spec/example-machines.ts';
import { givenMachine } from './spec/given-when-then.ts';

describe('progress', () => {
  test('counts the states left over the size of the definition, and names the current one', () => {
    const execution = givenMachine(machine({ A: task({ Next: 'B' }), B: task({ Next: 'C' }), C: task() }));
    expect(progressOf(execution.state)).toEqual({ percent: 0, currentStep: null });
    expect(progressOf(execution.start().state)).toEqual({ percent: 0, currentStep: 'A' });
    expect(progressOf(execution.complete(1).state)).toEqual({ percent: 33, currentStep: 'B' });
    expect(progressOf(execution.complete(1).state)).toEqual({ percent: 66, currentStep: 'C' });
    expect(progressOf(execution.complete(1).state)).toEqual({ percent: 100, currentStep: null });
  });

  test('a loop neither turns it back nor carries it past the end', () => {
    const execution = givenMachine(
      machine({
        Work: task({ Next: 'Again' }),
        Again: { Type: 'Choice', Choices: [{ Variable: '$.more', BooleanEquals: true, Next: 'Work' }], Default: 'End' },
        End: { Type: 'Succeed' },
      }),
    );
    const seen = [progressOf(execution.start().state).percent];
    for (let i = 0; i < 5; i += 1) seen.push(progressOf(execution.complete({ more: true }).state).percent);
    expect(seen).toEqual([0, 66, 66, 66, 66, 66]);
  });

  test('a failed execution is at its end, and says where it stood', () => {
    const execution = givenMachine(machine({ A: task({ Next: 'B' }), B: task() }));
    execution.start();
    expect(progressOf(execution.fail('No').state)).toEqual({ percent: 100, currentStep: 'A' });
  });
});
