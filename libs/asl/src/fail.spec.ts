import type { Json } from '@throughline/contracts';
import { failOutcome } from './fail.ts';
import { runtimeCause } from './evaluated.ts';
import { parseMachine } from './parse-machine.ts';
import { scopeWith } from './spec/scope-with.ts';

const outcome = (fields: { readonly [name: string]: Json }, data: Json) => {
  const parsed = parseMachine({ StartAt: 'F', States: { F: { Type: 'Fail', ...fields } } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const state = parsed.machine.states['F'];
  if (state?.type !== 'Fail') throw new Error('not a Fail');
  return failOutcome(state, data, scopeWith({ context: { Execution: { Name: 'run-1' } } }));
};

describe('a Fail state', () => {
  it('gives its error and cause as written, and nothing of what it does not name', () => {
    expect(outcome({ Error: 'E', Cause: 'why' }, {})).toEqual({ ok: true, value: { error: 'E', cause: 'why' } });
    expect(outcome({}, {})).toEqual({ ok: true, value: {} });
  });

  it('reads them from the data or the context object', () => {
    expect(outcome({ ErrorPath: '$.e', CausePath: '$$.Execution.Name' }, { e: 'E' })).toEqual({
      ok: true,
      value: { error: 'E', cause: 'run-1' },
    });
  });

  it('fails as AWS does where a path finds nothing, and where it finds no string', () => {
    expect(outcome({ ErrorPath: '$.ErrorX' }, { Error: 'error-value' })).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: `The JSONPath '$.ErrorX' specified for the field 'ErrorPath' could not be found in the input '{"Error":"error-value"}'`,
    });
    expect(outcome({ CausePath: '$.c' }, { c: 1 })).toMatchObject({ ok: false, error: 'States.Runtime' });
  });

  it('gives no more than an event can hold', () => {
    const long = outcome({ ErrorPath: '$.x', CausePath: '$.x' }, { x: 'x'.repeat(40_000) });
    expect(long.ok && [long.value.error?.length, long.value.cause?.length]).toEqual([256, 32_768]);
  });
});

describe('the cause of a runtime error', () => {
  it('names the state and the event that entered it, and fits an event', () => {
    expect(runtimeCause('pass', 2, 'No.')).toBe(
      "An error occurred while executing the state 'pass' (entered at the event id #2). No.",
    );
    expect(runtimeCause('pass', 2, 'x'.repeat(40_000))).toHaveLength(32_768);
  });
});
