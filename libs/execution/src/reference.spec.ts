import type { Json, JsonObject } from '@throughline/contracts';
import fc from 'fast-check';
import { openAttempts } from './execution-state.ts';
import { executionDecider } from './deciders.ts';
import { canonicalHash } from './hashes.ts';
import { givenMachine } from './spec/given-when-then.ts';
import { machineOf, taskAnswers } from './spec/random-machines.ts';
import { interpret, type Tasks, type Told } from './spec/reference-interpreter.ts';
import { foldCommit } from './walk.ts';

const randomMachine = fc.array(fc.nat(1_000), { minLength: 40, maxLength: 200 }).map(machineOf);
const randomInput = fc.record({ n: fc.nat(9), items: fc.array(fc.nat(9), { maxLength: 4 }) });

/** The decider under the same schedule as the reference: the oldest task answers first, and time passes only while none is open. */
const decided = (definition: JsonObject, input: JsonObject, tasks: Tasks) => {
  const execution = givenMachine(definition);
  execution.start(input);
  // Bounded: machines lead forwards only, and retries are few.
  for (let step = 0; !execution.state.end; step += 1) {
    if (step > 10_000) throw new Error('it does not end');
    const [attempt] = openAttempts(execution.state);
    if (execution.state.continuation) execution.when({ type: 'ContinueExecution', body: {} });
    else if (!attempt) execution.fire();
    else {
      // The input is an object by construction of the machines.
      const outcome = tasks(attempt.state, attempt.input as JsonObject, attempt.attempt);
      if ('error' in outcome) execution.fail(outcome.error, '', attempt.token);
      else execution.complete(outcome.output, attempt.token);
    }
  }
  return execution;
};

const toldOf = ({ log, state }: ReturnType<typeof decided>): Told => {
  const entered = log.flatMap(({ commit }) =>
    commit.events.flatMap((event) => (event.type === 'StateEntered' ? [event.state] : [])),
  );
  const { error, output } = state.end ?? {};
  return { entered, end: error === undefined ? { output: output ?? null } : { error } };
};

/** Caught errors stand in the data as AWS has them; the reference keeps the name alone. */
const withoutCauses = (value: Json): Json => JSON.parse(JSON.stringify(value), (_key, part) => part?.Error ?? part);

describe('a machine at random', () => {
  test('goes through the same states to the same end as a naive reading of its definition', () => {
    fc.assert(
      fc.property(randomMachine, randomInput, fc.nat(1_000), (definition, input, salt) => {
        const expected = interpret(definition, input, taskAnswers(salt));
        const told = toldOf(decided(definition, input, taskAnswers(salt)));
        expect({ ...told, end: withoutCauses(told.end) }).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  test('folds from its log to the state that deciding led to, and decides to the same bytes again', () => {
    fc.assert(
      fc.property(randomMachine, randomInput, fc.nat(1_000), (definition, input, salt) => {
        const first = decided(definition, input, taskAnswers(salt));
        const again = decided(definition, input, taskAnswers(salt));
        expect(JSON.stringify(again.log)).toBe(JSON.stringify(first.log));
        const folded = first.log.reduce(foldCommit, executionDecider.initial(first.state.ref));
        // A state holds JSON values only; the cast says what its interfaces cannot.
        expect(canonicalHash(folded as unknown as Json)).toBe(canonicalHash(first.state as unknown as Json));
      }),
      { numRuns: 1_000 },
    );
  });
});
