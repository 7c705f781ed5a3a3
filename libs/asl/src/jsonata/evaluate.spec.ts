import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { scopeWith } from '../spec/scope-with.ts';
import { evaluateExpression, type ExpressionResult } from './evaluate.ts';
import { compileExpression } from './expression.ts';

const input = {
  name: 'Ada',
  empty: [],
  none: null,
  items: [
    { sku: 'a', price: 3, tags: ['x', 'y'] },
    { sku: 'b', price: 1, tags: ['x'] },
    { sku: 'c', price: 2, tags: [] },
  ],
  nested: [
    [1, 2],
    [3, [4]],
  ],
};
const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};
frozen(input);

const scope = scopeWith({
  context: { Execution: { Name: 'run-1' } },
  variables: { limit: 2, list: [5, 6], trim: 'hides the function', none: null, floor: null, states: 'never seen' },
  draws: [0, 0.25, 0.5, 0.75],
});
const evaluate = (text: string, data: Json = input): ExpressionResult => {
  const compilation = compileExpression(`{% ${text} %}`);
  if (!compilation.ok) throw new Error(compilation.problem);
  return evaluateExpression(compilation.expression, { input: data, result: { ok: true } }, scope);
};
const valueOf = (text: string, data: Json = input): Json | undefined => {
  const result = evaluate(text, data);
  return result.kind === 'value' ? result.value : undefined;
};
const problemOf = (text: string, data: Json = input): string | undefined => {
  const result = evaluate(text, data);
  return result.kind === 'thrown' ? result.problem : undefined;
};

describe('an expression', () => {
  it.each<[string, Json]>([
    ['$states.input.name', 'Ada'],
    ['$states.context.Execution.Name & "!"', 'run-1!'],
    ['$states.result.ok', true],
    ['$limit * $list[1]', 12],
    ['[$none, $exists($none), $none = null, $type($floor)]', [null, true, true, 'null']],
    ['$states.input.items.sku', ['a', 'b', 'c']],
    ['$states.input.items[price > 1].sku', ['a', 'c']],
    ['$states.input.items[price > $limit].sku', 'a'],
    ['$states.input.items[price > $limit].sku[]', ['a']],
    ['$states.input.items[-1].sku', 'c'],
    ['$states.input.items[[0..1]].sku', ['a', 'b']],
    ['$states.input.items^(price).sku', ['b', 'c', 'a']],
    ['$states.input.items^(>price).sku', ['a', 'c', 'b']],
    ['$states.input.items{sku: price}', { a: 3, b: 1, c: 2 }],
    ['$states.input.items{tags[0]: $sum(price)}', { x: 4 }],
    ['$states.input.items.{"id": sku, "n": $count(tags)}[n = 0].id', 'c'],
    ['$states.input.items#$i[$i = 1].sku', 'b'],
    ['$states.input.items@$item.$item.tags.{"sku": $item.sku, "tag": $}[0].tag', 'x'],
    ['$states.input.items.tags.%.sku', ['a', 'a', 'b']],
    ['$states.input.**.price', [3, 1, 2]],
    ['$states.input.nested.*', [1, 2, 3, 4]],
    [
      '$states.input.items ~> |$|{"price": price * 2}, "tags"| ~> $filter(function($i) {$i.price > 2})',
      [
        { sku: 'a', price: 6 },
        { sku: 'c', price: 4 },
      ],
    ],
    ['($double := function($n) {$n * 2}; $inc := $double ~> function($n) {$n + 1}; $inc(4))', 9],
    ['($first := $substring(?, 0, 1); $map(["one", "two"], $first))', ['o', 't']],
    ['($f := function($n, $sum) {$n = 0 ? $sum : $f($n - 1, $sum + $n)}; $f(5000, 0))', 12_502_500],
    ['$reduce([1..5], function($a, $b) {$a * $b})', 120],
    ['$replace("John Smith", /(\\w+)\\s(\\w+)/, "$2, $1")', 'Smith, John'],
    ['$match("ab12cd3", /\\d+/).match', ['12', '3']],
    ['$split("a1b22c", /\\d+/)', ['a', 'b', 'c']],
    ['$contains("Hello", /^hel/i)', true],
    ['"Ada" in $states.input.*', true],
    ['$exists($states.input.none)', true],
    ['$type($states.input.none)', 'null'],
    ['$merge([{"a": 1}, {"b": [1..3]}])', { a: 1, b: [1, 2, 3] }],
    ['{"a": $nothing, "b": [$nothing, 1]}', { b: [1] }],
    ['$states.input.empty', []],
    ['$states.input.none', null],
    ['$string({"n": 1/3})', '{"n":0.333333333333333}'],
    ['$string(1e20)', '100000000000000000000'],
    ['$string(1e21)', '1e+21'],
    ['$base64decode($base64encode("Grüße"))', 'Grüße'],
    ['$formatNumber(1234.5678, "#,##0.00")', '1,234.57'],
    ['[-1 * 0, 1/$parse("-0")]', [0, 'Infinity']],
    ['[1/0, -1/0, 0/0]', ['Infinity', '-Infinity', 'NaN']],
    ['$keys({"b": 1, "2": 1, "a": 1, "1": 1})', ['1', '2', 'b', 'a']],
    ['$distinct([1, "1", {"a": 1, "b": 2}, {"b": 2, "a": 1}, 1])', [1, '1', { a: 1, b: 2 }]],
  ])('%s gives %j', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it('hands on the data that it names, and does not copy it', () => {
    expect(valueOf('$states.input')).toBe(input);
    expect(valueOf('$states.input.items')).toBe(input.items);
    expect(valueOf('[$states.input.items[0]]')).toEqual([input.items[0]]);
  });

  it('leaves the data as it was, even where it failed on it', () => {
    const before = JSON.stringify(input);
    for (const text of [
      '$states.input(1)',
      '$states.input.empty{"a": 1}',
      '$states.input.items[]',
      '$states.input ~> |$|{"x": 1}|',
    ]) {
      evaluate(text);
    }
    expect(JSON.stringify(input)).toBe(before);
  });

  it('returns nothing where it finds nothing', () => {
    for (const text of ['$states.input.missing', '$nothing', '$', '()', '$states.errorOutput']) {
      expect(evaluate(text)).toEqual({ kind: 'nothing' });
    }
  });

  it('that gives a function gives no value', () => {
    expect(evaluate('$uppercase')).toEqual({ kind: 'function' });
  });
});

describe('what Step Functions adds', () => {
  it.each<[string, Json]>([
    ['$parse("{\\"a\\": [1, null]}")', { a: [1, null] }],
    ['$parse("0")', 0],
    ['$parse("null")', null],
    ['$parse("{\\"b\\": {\\"c\\": 3}}").b.c', 3],
    ['$map(["[1]", "2"], $parse)', [[1], 2]],
    ['$partition([1, 2, 3, 4, 5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1, 2, 3], 2.9)', [[1, 2], [3]]],
    ['$partition([1, 2, 3])', [[1, 2, 3]]],
    ['$range(0, 10, 2)', [0, 2, 4, 6, 8, 10]],
    ['$range(5, 1, -1.5)', [5, 4, 3, 2, 1]],
    ['$range(-1.7, 2, 1)', [-1, 0, 1, 2]],
    ['$range(3, 3, 1)', 3],
    ['$hash("Hello", "MD5")', '8b1a9953c4611296a827abf8c47804d7'],
    ['$hash("Hello", "SHA-256")', '185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969'],
    ['$random(42)', 0.7275636800328681],
    ['$random(0.9) = $random(0)', true],
    ['$now()', '2026-01-31T12:00:00.000Z'],
    ['$now("[D01].[M01].[Y0001]", "+0200")', '31.01.2026'],
    ['$millis()', 1_769_860_800_000],
    ['$toMillis("2026-01-31T12:00:00")', 1_769_860_800_000],
    ['$toMillis("13:30", "[H01]:[m01]")', 1_769_866_200_000],
    ['$fromMillis($millis())', '2026-01-31T12:00:00.000Z'],
  ])('%s gives %j', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it('returns nothing where an argument leaves nothing to do', () => {
    for (const text of [
      '$parse()',
      '$partition([], 2)',
      '$partition([1], 0)',
      '$range(1, 5)',
      '$range(1, 5, 0)',
      '$range(5, 1, 1)',
      '$hash("a")',
    ]) {
      expect(evaluate(text)).toEqual({ kind: 'nothing' });
    }
  });

  it('draws chance from the scope alone', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1 }), (draws) => {
        const compilation = compileExpression('{% [$random(), $uuid(), [$shuffle([1..5])]] %}');
        if (!compilation.ok) throw new Error(compilation.problem);
        const [first, second] = [1, 2].map(() =>
          evaluateExpression(compilation.expression, { input: null }, scopeWith({ draws })),
        );
        expect(first).toEqual(second);
        const [number, uuid, shuffled] = first?.kind === 'value' ? (first.value as [number, string, number[]]) : [];
        expect(number).toBe(draws[0]);
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect([...(shuffled ?? [])].sort()).toEqual([1, 2, 3, 4, 5]);
      }),
    );
  });
});

describe('an expression that cannot be evaluated', () => {
  it.each([
    ['$eval("1+1")', '. T1006: Attempted to invoke a non-function'],
    ['$randomSeeded(1)', '. T1006: Attempted to invoke a non-function'],
    ['$trim("a")', '. T1006: Attempted to invoke a non-function'],
    ['uppercase("a")', '. T1005: Attempted to invoke a non-function. Did you mean $uppercase?'],
    ['1 + {}', '. T2002: The right side of the "+" operator must evaluate to a number'],
    ['1 < "a"', '. T2009: The values 1 and "a" either side of operator "<" must be of the same data type'],
    ['-"a"', '. D1002: Cannot negate a non-numeric value: "a"'],
    ['{1: 2}', '. T1003: Key in object structure must evaluate to a string; got: 1'],
    ['$sum(["a"])', '. T0412: Argument 1 of function "sum" must be an array of "numbers"'],
    ['$uppercase(1)', '. T0410: Argument 1 of function "uppercase" does not match function signature'],
    ['$split("a", "b", -1)', '. D3020: Third argument of split function must evaluate to a positive number'],
    ['$sqrt(-1)', '. D3060: The sqrt function cannot be applied to a negative number: -1'],
    ['$number("x")', '. D3030: Unable to cast value to a number: "x"'],
    ['$number({"a": 1})', '. T0410: Argument 1 of function "number" does not match function signature'],
    ['$error("no stock")', '. D3137: no stock'],
    ['$assert(false)', '. D3141: $assert() statement failed'],
    ['$parse("{")', '. D3137: Invalid JSON'],
    ['$parse("[1e400]")', '. D3137: Invalid JSON'],
    ['$parse(null)', '. T0410: Argument 1 of function "parse" does not match function signature'],
    ['$partition([1], -1)', '. D3137: Second argument must be zero or greater'],
    ['$uuid(1)', '. T0410: Argument 1 of function "uuid" does not match function signature'],
    [
      '$formatNumber(1, "x")',
      '. D3086: The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character',
    ],
    ['$match("ab", /x*/)', '. D1004: Regular expression matches zero length string'],
    [
      '$states.input.items^(tags)',
      '. T2008: The expressions within an order-by clause must evaluate to numeric or string values',
    ],
    ['$states.input(1)', '. T1006: Attempted to invoke a non-function'],
  ])('%s throws %s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('says the same in every process: what was evaluated before changes no message', () => {
    const problem = problemOf('$map([1], $uppercase)');
    expect(problem).toBe('. T0410: Argument 1 of function "map" does not match function signature');
    evaluate('($shout := $uppercase; $shout("a"))');
    expect(problemOf('$map([1], $uppercase)')).toBe(problem);
  });
});

describe('an expression that could only return nothing', () => {
  it.each([
    ['phone', "Reference to 'phone' at the top level is not supported."],
    ['states.input', "Reference to 'states' at the top level is not supported."],
    ['$map($states.input.items, function($x) {sku})', "Reference to 'sku' at the top level is not supported."],
    ['{"a": [1, b]}', "Reference to 'b' at the top level is not supported."],
    ['$states.input.items[$$.x]', "Reference to '$$' is not supported."],
  ])('%s is refused', (text, problem) => {
    expect(compileExpression(`{% ${text} %}`)).toMatchObject({ ok: false, problem });
  });

  it('is none where a name stands within a path', () => {
    for (const text of [
      '$states.input.items[price > 1]^(sku){sku: price}',
      '$states.input.(name & name)',
      'sum($states.input)',
    ]) {
      expect(compileExpression(`{% ${text} %}`)).toMatchObject({ ok: true });
    }
  });
});

describe('an expression that binds $states', () => {
  it.each([
    '($states := 1; $states)',
    '$map([1], function($v) {($states := $v)})',
    '$map([1], function($states) {$states})',
    '$states.input.items@$states.$states',
    '$states.input.items#$states.$states',
    '$states.input.items[price > 1]#$states.$states',
  ])('%s is refused', (text) => {
    const problem = "'$states' cannot be bound to another value (choose another name)";
    expect(compileExpression(`{% ${text} %}`)).toMatchObject({ ok: false, problem });
  });
});

describe('names that mean something to JavaScript', () => {
  it.each<[string, Json | undefined]>([
    ['$states.input.constructor', undefined],
    ['$states.input.__proto__', undefined],
    ['$lookup($states.input, "toString")', undefined],
    ['$constructor', undefined],
    ['$__proto__', undefined],
    ['{"constructor": 1, "hasOwnProperty": 2}.hasOwnProperty', 2],
    ['{"_jsonata_function": true}', { _jsonata_function: true }],
  ])('%s is data like any other', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it('change no object but the one that they are written to', () => {
    const data = JSON.parse('{"__proto__": {"polluted": 1}}') as Json;
    for (const text of [
      '$merge([$states.input, {"a": 1}])',
      '$states.input ~> |$|{"__proto__": {"polluted": 1}}|',
      '{"__proto__": {"polluted": 1}}',
    ]) {
      expect(Object.keys(valueOf(text, data) ?? {})).toContain('__proto__');
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(
      problemOf('$states.input.f(1)', { f: { _jsonata_function: true, _jsonata_lambda: true, implementation: 'x' } }),
    ).toBe('. T1006: Attempted to invoke a non-function');
  });
});
