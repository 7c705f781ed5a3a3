import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { effectiveInput, passResult, selectedInput, stateOutput } from './data-flow.ts';
import type { State } from './machine.ts';
import { parseMachine } from './parse-machine.ts';
import { scopeWith } from './spec/scope-with.ts';

const stateOf = (fields: { readonly [name: string]: Json }): State => {
  const parsed = parseMachine({ StartAt: 'S', States: { S: { End: true, ...fields } } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.machine.states['S']!;
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

describe('the input of a state', () => {
  it('is its raw input after InputPath, then Parameters', () => {
    const state = task({
      InputPath: '$.order',
      Parameters: { 'id.$': '$.id', fixed: [1, { 'execution.$': '$$.Execution.Id' }], 'all.$': '$$' },
    });
    expect(effectiveInput(state, { order: { id: 7 } }, scope)).toEqual({
      ok: true,
      value: { id: 7, fixed: [1, { execution: 'e1' }], all: scope.context },
    });
    expect(selectedInput(state, { order: { id: 7 } }, scope)).toEqual({ ok: true, value: { id: 7 } });
  });

  it('is an empty object where InputPath is null', () => {
    expect(effectiveInput(task({ InputPath: null }), { a: 1 }, scope)).toEqual({ ok: true, value: {} });
  });

  it('may come from the context object', () => {
    expect(effectiveInput(task({ InputPath: '$$.Execution.Input' }), {}, scope)).toEqual({
      ok: true,
      value: { first: 1 },
    });
  });

  it('fails the state where InputPath or a path of Parameters finds nothing', () => {
    expect(effectiveInput(task({ InputPath: '$.NoSuchInputPath' }), { 'int-literal': 0 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: "Invalid path '$.NoSuchInputPath' : No results for path: $['NoSuchInputPath']",
    });
    expect(effectiveInput(task({ Parameters: { 'value.$': '$$.no' } }), { 'int-literal': 0 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: `The JSONPath '$$.no' specified for the field 'value.$' could not be found in the input '{"int-literal":0}'`,
    });
  });

  it('keeps a field named __proto__ a field', () => {
    const parameters = JSON.parse('{"__proto__": {"a.$": "$.x"}}') as Json;
    const filled = effectiveInput(task({ Parameters: parameters }), { x: 1 }, scope);
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
    expect(stateOutput(state, { order: { id: 7 }, other: 1 }, { count: 3 }, scope)).toEqual({
      ok: true,
      value: { id: 7, result: { n: 3, retries: 2 } },
    });
  });

  it('is the result alone without ResultPath, and the raw input alone where it is null', () => {
    const raw = { a: 1 };
    expect(stateOutput(task({}), raw, { r: 1 }, scope)).toEqual({ ok: true, value: { r: 1 } });
    expect(stateOutput(task({ ResultPath: null }), raw, { r: 1 }, scope)).toEqual({ ok: true, value: raw });
    expect(stateOutput(task({ OutputPath: null }), raw, { r: 1 }, scope)).toEqual({ ok: true, value: {} });
  });

  it('fails the state where OutputPath finds nothing', () => {
    expect(stateOutput(pass({ OutputPath: '$.NoSuchOutputPath' }), {}, {}, scope)).toEqual({
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
        const output = stateOutput(plain, data, data, scope);
        expect(output.ok && output.value === data).toBe(true);
        const kept = stateOutput(discarding, data, { other: 1 }, scope);
        expect(kept.ok && kept.value === data).toBe(true);
      }),
    );
  });

  it('includes Parameters without paths', () => {
    const state = task({ Parameters: { fixed: { deep: [1, 2] } } });
    const first = effectiveInput(state, { a: 1 }, scope);
    const second = effectiveInput(state, { b: 2 }, scope);
    expect(first.ok && second.ok && first.value === second.value).toBe(true);
  });
});
