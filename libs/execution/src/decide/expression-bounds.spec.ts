import type { Json, JsonObject } from '@throughline/contracts';
import { machine } from '../spec/example-machines.ts';
import { completion, type ExecutionUnderTest, givenMachine, type Then } from '../spec/given-when-then.ts';

const jsonata = (states: Readonly<Record<string, Json>>) => machine({ ...states }, { QueryLanguage: 'JSONata' });
const pass = (output: Json, more: JsonObject = { End: true }) => ({ Type: 'Pass', Output: output, ...more });

/** Lets an execution continue until it waits for nothing of its own, and counts its rounds. */
const run = (execution: ExecutionUnderTest, first: Then): { readonly then: Then; readonly rounds: number } => {
  let [then, rounds] = [first, 1];
  for (; rounds < 50; rounds += 1) {
    const effect = then.effects.find(({ kind }) => kind === 'command');
    if (effect?.kind !== 'command' || effect.command.type !== 'ContinueExecution') break;
    then = execution.when({ type: effect.command.type, body: effect.command.body }, effect.command.id);
  }
  return { then, rounds };
};

describe('what expressions may cost', () => {
  test.each([
    ['($f := function($x) {$f($x + 1)}; $f(1))', 'Expression evaluation timeout: Check for infinite loop'],
    ['$pad("x", 1e12)', 'Expression evaluation memory limit exceeded: Check for excessive memory usage'],
  ])('%s fails the execution', (expression, problem) => {
    const then = givenMachine(jsonata({ Bomb: pass({ x: `{% ${expression} %}` }) })).start();
    expect(then.state).toMatchObject({
      status: 'failed',
      end: {
        error: 'States.QueryEvaluationError',
        cause: `An error occurred while executing the state 'Bomb' (entered at the event id #2). The JSONata expression '${expression}' specified for the field 'Output/x' threw an error during evaluation: ${problem}`,
      },
    });
  });

  test('states whose expressions cost much continue in further rounds, and their results stay', () => {
    const sum = '{% $sum([1..100000].($ * 2)) %}';
    const states = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`S${i}`, pass(sum, i === 5 ? { End: true } : { Next: `S${i + 1}` })]),
    );
    const execution = givenMachine(machine(states, { QueryLanguage: 'JSONata', StartAt: 'S0' }));
    const { then, rounds } = run(execution, execution.start());
    expect(then.state).toMatchObject({ status: 'succeeded' });
    expect(rounds).toBeGreaterThan(1);
    expect(rounds).toBeLessThan(6);
  });

  test('results of many steps that come together are decided in several rounds', () => {
    const task = {
      Type: 'Task',
      Resource: 'tl:task:q:h',
      Output: '{% $sum([1..150000].($ * 2)) %}',
      End: true,
    };
    const flow = { StartAt: 'Do', States: { Do: task } };
    const execution = givenMachine(
      jsonata({ Each: { Type: 'Map', Items: '{% [1..8] %}', ItemProcessor: flow, End: true } }),
    );
    const tokens = [...execution.start().state.attempts.values()].map(({ token }) => token);
    expect(tokens).toHaveLength(8);
    const then = execution.whenAll(tokens.map((token) => ({ command: completion(token, 1, execution.now) })));
    const deferred = then.outcomes.filter(({ kind }) => kind === 'deferred').length;
    expect(deferred).toBeGreaterThan(0);
    expect(deferred).toBeLessThan(8);
  });

  test('an output of references that stands for gigabytes is too large, and is not written to find out', () => {
    const template = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}.$`, '$']));
    const execution = givenMachine(machine({ Wide: { Type: 'Pass', Parameters: template, End: true } }));
    const then = execution.start({ text: 'x'.repeat(200_000) });
    expect(then.state).toMatchObject({ status: 'failed', end: { error: 'States.DataLimitExceeded' } });
  });
});
