import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { scopeWith } from '../spec/scope-with.ts';
import { evaluateIntrinsic } from './evaluate.ts';
import { compileIntrinsic } from './syntax.ts';

const data = {
  list: [1, 2, 3, 4, 5],
  mixed: [[1, 2], { a: 1, b: 2 }, 'x', null],
  name: 'Ada',
  order: { id: 7, tags: ['a', 'b'], note: null },
  template: 'Dear {}, \\{{}\\}',
};
const scope = scopeWith({
  context: { Execution: { Name: 'run-1' } },
  variables: { long: 'x'.repeat(10_001), count: 2, place: { town: 'Ulm' } },
  draws: [0, 0.25, 0.5, 0.75, 0.999_999],
});
const valueOf = (text: string, input: Json = data): Json => {
  const evaluated = evaluateIntrinsic(text, input, scope);
  if (!evaluated.ok) throw new Error(evaluated.cause);
  return evaluated.value;
};
const errorOf = (text: string, input: Json = data): string | undefined => {
  const evaluated = evaluateIntrinsic(text, input, scope);
  return evaluated.ok ? undefined : evaluated.error;
};

describe('an intrinsic function', () => {
  it.each<[string, Json]>([
    ["States.Format('{} of {}', $.name, $$.Execution.Name)", 'Ada of run-1'],
    ["States.Format('{}', $.order)", '{id=7, tags=[a, b], note=null}'],
    [String.raw`States.Format('\{{}\} it\'s \\', 1.5)`, String.raw`{1.5} it's \ `.trim()],
    ['States.Format($.template, $.name, true)', 'Dear Ada, {true}'],
    ["States.Format('none')", 'none'],
    ['States.StringToJson(\'{"a": [1]}\')', { a: [1] }],
    ["States.StringToJson(' ')", null],
    ['States.JsonToString($.order)', '{"id":7,"tags":["a","b"],"note":null}'],
    ["States.Array($.name, 1, -2.5e1, true, null, 'x', States.Array())", ['Ada', 1, -25, true, null, 'x', []]],
    ['States.ArrayPartition($.list, 2)', [[1, 2], [3, 4], [5]]],
    ['States.ArrayPartition($.list, 1.5)', [[1, 2], [3, 4], [5]]],
    ['States.ArrayContains($.mixed, States.StringToJson(\'{"b": 2, "a": 1}\'))', true],
    ["States.ArrayContains($.mixed, 'y')", false],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, 1, -1)', [3, 2, 1]],
    ['States.ArrayRange(3, 1, 1)', []],
    ['States.ArrayGetItem($.mixed, 3)', null],
    ['States.ArrayGetItem($.list, $count)', 3],
    ['States.ArrayLength($.list)', 5],
    ['States.ArrayUnique(States.Array(1, 2, 1, null, null))', [1, 2, null]],
    ["States.Base64Encode('Grüße 🆗')", 'R3LDvMOfZSDwn4aX'],
    ["States.Base64Decode('R3LDvMOfZSDwn4aX')", 'Grüße 🆗'],
    ["States.Base64Decode('YQ==')", 'a'],
    ["States.Hash('abc', 'MD5')", '900150983cd24fb0d6963f7d28e17f72'],
    ["States.Hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["States.Hash('abc', 'SHA-256')", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      "States.Hash('abc', 'SHA-384')",
      'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    ],
    [
      "States.Hash('abc', 'SHA-512')",
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    ],
    ['States.JsonMerge($.order, States.StringToJson(\'{"id": 8, "x": 1}\'), false)', { ...data.order, id: 8, x: 1 }],
    ['States.MathAdd(-1.5, 0.5)', 0],
    ['States.MathAdd($count, 40)', 42],
    ["States.StringSplit('a,b;;c', ',;')", ['a', 'b', 'c']],
    ["States.StringSplit($place.town, 'l')", ['U', 'm']],
    ['States.MathRandom(5, 6)', 5],
    // java.util.Random: new Random(42).nextInt(10) and nextInt(16)
    ['States.MathRandom(0, 10, 42)', 0],
    ['States.MathRandom(0, 16, 42)', 11],
    ["States.ArrayGetItem( States.StringSplit( $.name , 'd' ) , 1 )", 'a'],
    ["States.Format('{}', $['name'])", 'Ada'],
    ['States.ArrayLength($.mixed[?(@.a == 1)])', 1],
    ['States.JsonToString(States.StringToJson(States.Format(\'\\{"n":{}\\}\', $count)))', '{"n":2}'],
    ["States.ArrayGetItem(States.Array($place, $['name']), States.MathAdd($count, -1))", 'Ada'],
    [`${'States.Array('.repeat(10)}1${')'.repeat(10)}`, [[[[[[[[[[1]]]]]]]]]]],
    ['States.StringToJson(\'{"__proto__": {"a": 1}}\')', JSON.parse('{"__proto__": {"a": 1}}') as Json],
    [
      'States.JsonMerge(States.StringToJson(\'{"__proto__": {"a": 1}}\'), $.order, false)',
      JSON.parse('{"__proto__": {"a": 1}, "id": 7, "tags": ["a", "b"], "note": null}') as Json,
    ],
  ])('%s gives %j', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it('makes a version 4 UUID and random numbers of drawn numbers alone', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1 }), (draws) => {
        const text = 'States.Array(States.UUID(), States.MathRandom(-3, 4))';
        const [first, second] = [scopeWith({ draws }), scopeWith({ draws })].map((s) => evaluateIntrinsic(text, {}, s));
        expect(first).toEqual(second);
        const [id, number] = first?.ok ? (first.value as readonly Json[]) : [];
        expect(id).toMatch(uuid);
        expect([-3, -2, -1, 0, 1, 2, 3]).toContain(number);
      }),
    );
  });
});

describe('a number in a call', () => {
  it('is never -0, which JSON text does not give back', () => {
    const text = `States.Array(-0, -0.0e5, States.StringToJson('[-0, {"a": -0}]'), States.ArrayRange(0, -1, -1))`;
    expect(valueOf(text)).toStrictEqual([0, 0, [0, { a: 0 }], [0, -1]]);
  });
});

describe('a call that cannot be carried out', () => {
  it('fails with the function as written where an argument finds nothing', () => {
    expect(evaluateIntrinsic("States.Format('{}', $.no)", { a: 1 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: `The function 'States.Format('{}', $.no)' had the following error: The JsonPath argument for the field '$.no' could not be found in the input '{"a":1}'`,
    });
    expect(errorOf('States.Array($unassigned)')).toBe('States.Runtime');
  });

  it('names the call that the field holds, also where one within it failed', () => {
    for (const [text, problem] of [
      [
        "States.Format( 'a {}',  States.Array($.no))",
        "The JsonPath argument for the field '$.no' could not be found in the input '{\"a\":1}'",
      ],
      ["States.Format('{}', States.MathAdd('x', 1))", 'The first argument has to be a number.'],
    ] as const) {
      const cause = `The function '${text}' had the following error: ${problem}`;
      expect(evaluateIntrinsic(text, { a: 1 }, scope)).toMatchObject({ cause });
    }
  });

  it.each([
    "States.Format('{} {}', 1)",
    "States.Format('{}', 1, 2)",
    'States.Format(1, 2)',
    String.raw`States.Format('a \n b')`,
    "States.StringToJson('{')",
    "States.StringToJson('[1e400]')",
    `States.StringToJson('${'['.repeat(300)}${']'.repeat(300)}')`,
    'States.ArrayPartition($.list, 0)',
    'States.ArrayPartition($.name, 1)',
    'States.ArrayRange(0, 1000, 1)',
    'States.ArrayRange(0, 1, 0)',
    'States.ArrayGetItem($.list, 5)',
    'States.ArrayGetItem($.list, -1)',
    'States.ArrayGetItem($.list, 0.5)',
    'States.ArrayLength($.order)',
    "States.Base64Decode('****')",
    'States.Base64Encode($long)',
    "States.Hash('abc', 'sha-256')",
    'States.JsonMerge($.order, $.list, false)',
    'States.JsonMerge($.order, $.order, true)',
    'States.MathAdd(2147483647, 1)',
    "States.MathAdd('1', 1)",
    'States.MathRandom(1, 1)',
    "States.StringSplit(1, ',')",
  ])('%s fails as States.IntrinsicFailure', (text) => {
    expect(compileIntrinsic(text)).toMatchObject({ ok: true });
    expect(errorOf(text)).toBe('States.IntrinsicFailure');
  });

  it('fails, and does not fill the memory, where texts are made of texts', () => {
    const doubling = (depth: number): string =>
      depth === 0 ? '$.x' : `States.Format('{}{}', ${doubling(depth - 1)}, ${doubling(depth - 1)})`;
    expect(errorOf(doubling(8), { x: 'x'.repeat(100_000) })).toBe('States.IntrinsicFailure');
    const wide = `States.JsonToString(States.Array(${Array.from({ length: 2_000 }, () => '$').join(', ')}))`;
    expect(errorOf(wide, { x: 'x'.repeat(200_000) })).toBe('States.IntrinsicFailure');
  });
});

describe('a text that is no call', () => {
  it.each<[string, number]>([
    ['States.Nothing()', 0],
    ['States.UUID', 11],
    ['States.UUID(', 12],
    ['States.UUID() ', -1],
    ['States.UUID()x', 13],
    ['States.UUID(1)', 0],
    ['States.Array(1,)', 15],
    ['States.Array(1 2)', 15],
    ['States.Array(1e400)', 18],
    ["States.Array('a)", 13],
    ['States.Array(a)', 13],
    ['States.Array($.a[)', 13],
    ['States.Array(1, States.Hash(1))', 16],
    ['States.Format()', 0],
    ['States.toString()', 0],
    [`${'States.Array('.repeat(11)}${')'.repeat(11)}`, 130],
  ])('%s is refused at position %d', (text, position) => {
    const compilation = compileIntrinsic(text);
    expect(compilation.ok ? -1 : compilation.position).toBe(position);
  });

  it('never breaks the parser, whatever it holds', () => {
    const token = fc.constantFrom(
      'States.',
      'Array(',
      'Format',
      '(',
      ')',
      ',',
      "'",
      '\\',
      '$',
      '$.a',
      '[',
      '{}',
      '1',
      ' ',
    );
    const text = fc.array(fc.oneof(token, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 30 });
    fc.assert(
      fc.property(text, (tokens) => {
        const compilation = compileIntrinsic(`States.${tokens.join('')}`);
        if (compilation.ok)
          expect(evaluateIntrinsic(`States.${tokens.join('')}`, data, scopeWith())).toHaveProperty('ok');
        else expect(compilation.problem).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});
