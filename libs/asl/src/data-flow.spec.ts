import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { catchExit, passResult, selectedInput, stateExit, stateInput } from './data-flow.ts';
import type { Evaluated } from './evaluated.ts';
import type { FailState, State } from './machine.ts';
import { parseMachine } from './parse-machine.ts';
import { scopeWith } from './spec/scope-with.ts';

const stateOf = (fields: { readonly [name: string]: Json }): Exclude<State, FailState> => {
  const parsed = parseMachine({ StartAt: 'S', States: { S: { End: true, ...fields } } });
  const state = parsed.ok ? parsed.machine.states['S'] : undefined;
  if (!state || state.type === 'Fail') throw new Error(JSON.stringify(parsed));
  return state;
};
const pass = (fields: { readonly [name: string]: Json }) => {
  const state = stateOf({ Type: 'Pass', ...fields });
  if (state.type !== 'Pass') throw new Error('not a Pass');
  return state;
};
const task = (fields: { readonly [name: string]: Json }) =>
  stateOf({ Type: 'Task', Resource: 'tl:task:default:work', ...fields });
const scope = scopeWith({
  context: { Execution: { Id: 'e1', Input: { first: 1 } }, State: { Name: 'S', RetryCount: 2 } },
});

const outputOf = (state: Exclude<State, FailState>, raw: Json, result: Json): Evaluated => {
  const exit = stateExit(state, raw, result, scope);
  return exit.ok ? { ok: true, value: exit.value.output } : exit;
};

describe('the input of a state', () => {
  it('is its raw input after InputPath, then Parameters', () => {
    const state = task({
      InputPath: '$.order',
      Parameters: { 'id.$': '$.id', fixed: [1, { 'execution.$': '$$.Execution.Id' }], 'all.$': '$$' },
    });
    expect(stateInput(state, { order: { id: 7 } }, scope)).toEqual({
      ok: true,
      value: { id: 7, fixed: [1, { execution: 'e1' }], all: scope.context },
    });
    expect(selectedInput(state, { order: { id: 7 } }, scope)).toEqual({ ok: true, value: { id: 7 } });
  });

  it('is an empty object where InputPath is null', () => {
    expect(stateInput(task({ InputPath: null }), { a: 1 }, scope)).toEqual({ ok: true, value: {} });
  });

  it('may come from the context object', () => {
    expect(stateInput(task({ InputPath: '$$.Execution.Input' }), {}, scope)).toEqual({
      ok: true,
      value: { first: 1 },
    });
  });

  it('fails the state where InputPath or a path of Parameters finds nothing', () => {
    expect(stateInput(task({ InputPath: '$.NoSuchInputPath' }), { 'int-literal': 0 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: "Invalid path '$.NoSuchInputPath' : No results for path: $['NoSuchInputPath']",
    });
    expect(stateInput(task({ Parameters: { 'value.$': '$$.no' } }), { 'int-literal': 0 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: `The JSONPath '$$.no' specified for the field 'value.$' could not be found in the input '{"int-literal":0}'`,
    });
  });

  it('keeps a field named __proto__ a field', () => {
    const parameters = JSON.parse('{"__proto__": {"a.$": "$.x"}}') as Json;
    const filled = stateInput(task({ Parameters: parameters }), { x: 1 }, scope);
    expect(JSON.stringify(filled.ok && filled.value)).toBe('{"__proto__":{"a":1}}');
  });
});

describe('the result of a Pass', () => {
  it('is its Result as written, paths and nulls included, else its effective input', () => {
    expect(passResult(pass({ Result: { 'a.$': '$.b' } }), { b: 1 }, scope)).toEqual({
      ok: true,
      value: { 'a.$': '$.b' },
    });
    expect(passResult(pass({ Result: null }), { b: 1 }, scope)).toEqual({ ok: true, value: null });
    expect(passResult(pass({ Parameters: { 'a.$': '$.b' } }), { b: 1 }, scope)).toEqual({
      ok: true,
      value: { a: 1 },
    });
  });
});

describe('the output of a state', () => {
  it('is its result after ResultSelector, placed by ResultPath, selected by OutputPath', () => {
    const state = task({
      ResultSelector: { 'n.$': '$.count', 'retries.$': '$$.State.RetryCount' },
      ResultPath: '$.order.result',
      OutputPath: '$.order',
    });
    expect(outputOf(state, { order: { id: 7 }, other: 1 }, { count: 3 })).toEqual({
      ok: true,
      value: { id: 7, result: { n: 3, retries: 2 } },
    });
  });

  it('is the result alone without ResultPath, and the raw input alone where it is null', () => {
    const raw = { a: 1 };
    expect(outputOf(task({}), raw, { r: 1 })).toEqual({ ok: true, value: { r: 1 } });
    expect(outputOf(task({ ResultPath: null }), raw, { r: 1 })).toEqual({ ok: true, value: raw });
    expect(outputOf(task({ OutputPath: null }), raw, { r: 1 })).toEqual({ ok: true, value: {} });
  });

  it('fails the state where OutputPath finds nothing', () => {
    expect(outputOf(pass({ OutputPath: '$.NoSuchOutputPath' }), {}, {})).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: "Invalid path '$.NoSuchOutputPath' : No results for path: $['NoSuchOutputPath']",
    });
  });
});

describe('data that a state leaves as it is', () => {
  it('comes out as the same reference, whatever it holds', () => {
    const plain = pass({});
    const discarding = task({ ResultPath: null });
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const data = value as Json;
        const result = passResult(plain, data, scope);
        expect(result.ok && result.value === data).toBe(true);
        const output = outputOf(plain, data, data);
        expect(output.ok && output.value === data).toBe(true);
        const kept = outputOf(discarding, data, { other: 1 });
        expect(kept.ok && kept.value === data).toBe(true);
      }),
    );
  });

  it('includes Parameters without paths', () => {
    const state = task({ Parameters: { fixed: { deep: [1, 2] } } });
    const first = stateInput(state, { a: 1 }, scope);
    const second = stateInput(state, { b: 2 }, scope);
    expect(first.ok && second.ok && first.value === second.value).toBe(true);
  });
});

describe('a caught error', () => {
  const caught = (catcher: { readonly [name: string]: Json }, raw: Json, cause: string | null = 'why') => {
    const state = task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'S', ...catcher }] });
    const [first] = state.type === 'Task' ? state.catch : [];
    if (state.type !== 'Task' || !first) throw new Error('no catcher');
    const exit = catchExit(state, first, raw, { Error: 'E', Cause: cause }, scope);
    return exit.ok ? exit.value.output : exit;
  };

  it('replaces the raw input, or is placed in it', () => {
    const error = { Error: 'E', Cause: 'why' };
    expect(caught({}, { a: 1 })).toEqual(error);
    expect(caught({ ResultPath: '$.error' }, { a: 1 })).toEqual({ a: 1, error });
    expect(caught({}, {}, null)).toEqual({ Error: 'E', Cause: null });
  });

  it('leaves the raw input as it is where it is discarded', () => {
    const raw = { a: 1 };
    expect(caught({ ResultPath: null }, raw)).toBe(raw);
  });
});
