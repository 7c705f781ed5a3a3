import { codeOf, type ExecutionUnderTest, givenMachine, type Then } from '../spec/given-when-then.ts';
import { LOOP_FOREVER, machine, ONE_TASK } from '../spec/example-machines.ts';

const flow = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });

const continued = (execution: ExecutionUnderTest, then: Then): Then => {
  const effect = then.effects.find(({ kind }) => kind === 'command');
  if (effect?.kind !== 'command' || effect.command.type !== 'ContinueExecution') throw new Error('nothing to continue');
  const { type, body, id } = effect.command;
  return execution.when({ type, body }, id);
};

describe('ContinueExecution', () => {
  test('a round stops at its bound and is taken up by the command that it asks for', () => {
    const execution = givenMachine(LOOP_FOREVER, { limits: { roundEventsMax: 100 } });
    const first = execution.start({ stop: false });
    expect(first.events.length).toBeLessThanOrEqual(100);
    expect(first.events.at(-1)).toEqual({ type: 'ContinuationRequested' });
    const second = continued(execution, first);
    expect(second.events[0]).toMatchObject({ type: 'StateEntered' });
    expect(second.events.at(-1)).toEqual({ type: 'ContinuationRequested' });
    expect(second.effects).not.toEqual(first.effects);
  });

  test('an endless loop fails in the end, with States.Runtime', () => {
    const limits = { roundEventsMax: 60, continuationsWithoutProgressMax: 3 };
    const execution = givenMachine(LOOP_FOREVER, { limits });
    let then = execution.start({ stop: false });
    let rounds = 1;
    for (; rounds < 10 && then.state.status === 'running'; rounds += 1) then = continued(execution, then);
    expect(rounds).toBe(4);
    expect(then.state).toMatchObject({ status: 'failed', end: { error: 'States.Runtime' } });
  });

  test('an endless loop around a Map fails too, though its iterations end', () => {
    const states = {
      Each: { Type: 'Map', ItemsPath: '$.items', ItemProcessor: flow('Item'), ResultPath: null, Next: 'Again' },
      Again: { Type: 'Choice', Choices: [{ Variable: '$.stop', IsPresent: true, Next: 'Done' }], Default: 'Each' },
      Done: { Type: 'Succeed' },
    };
    const limits = { roundEventsMax: 60, continuationsWithoutProgressMax: 2, continuationsWithoutWaitMax: 6 };
    const execution = givenMachine(machine(states), { limits });
    let then = execution.start({ items: [1, 2, 3] });
    let rounds = 1;
    for (; rounds < 20 && then.state.status === 'running'; rounds += 1) then = continued(execution, then);
    expect(rounds).toBe(7);
    expect(then.state).toMatchObject({ status: 'failed', end: { error: 'States.Runtime' } });
  });

  test('one that nothing is left for does not stand in the way of the next', () => {
    const processor = {
      StartAt: 'Which',
      States: {
        Which: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 0, Next: 'Work' }], Default: 'Skip' },
        Work: { Type: 'Task', Resource: 'tl:task:orders:work', End: true },
        Skip: { Type: 'Pass', End: true },
      },
    };
    const retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }];
    const each = { Type: 'Map', ItemsPath: '$.items', ItemProcessor: processor, Retry: retry, End: true };
    const execution = givenMachine(machine({ Each: each }), { limits: { roundEventsMax: 60 } });
    const started = execution.start({ items: Array.from({ length: 100 }, (_, i) => i) });
    expect(started.events.at(-1)).toEqual({ type: 'ContinuationRequested' });
    expect(execution.fail('Broken').state.continuation).toBeNull();
    let then = execution.fire();
    expect(then.events.at(-1)).toEqual({ type: 'ContinuationRequested' });
    for (let rounds = 0; rounds < 20 && then.state.continuation; rounds += 1) then = continued(execution, then);
    expect(execution.complete(0).state.status).toBe('succeeded');
  });

  test('a round is also bounded by bytes', () => {
    const grow = { Type: 'Pass', Parameters: { 'a.$': '$.a', 'b.$': '$.b' } };
    const states = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `S${i}`,
        // Alternating key order, so that every output is a computed value.
        {
          ...grow,
          Parameters: i % 2 === 0 ? { 'b.$': '$.b', 'a.$': '$.a' } : grow.Parameters,
          ...(i === 19 ? { End: true } : { Next: `S${i + 1}` }),
        },
      ]),
    );
    const execution = givenMachine(machine(states));
    let then = execution.start({ a: 'x'.repeat(100_000), b: 'y'.repeat(100_000) });
    expect(then.events.at(-1)?.type).toBe('ContinuationRequested');
    for (let rounds = 1; rounds < 10 && then.state.status === 'running'; rounds += 1) then = continued(execution, then);
    expect(then.state.status).toBe('succeeded');
    for (const { commit } of execution.log) expect(JSON.stringify(commit).length).toBeLessThan(1_600_000);
  });

  test('is refused where nothing waits to be continued', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    expect(codeOf(execution.when({ type: 'ContinueExecution', body: {} }))).toBe('TL0109');
  });
});
