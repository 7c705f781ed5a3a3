import type { Json } from '@throughline/contracts';
import { CostMeter } from '../cost-meter.ts';
import { compilePath } from './compiled-path.ts';

const read = (path: string, data: Json) => {
  const compilation = compilePath(path);
  if (!compilation.ok) throw new Error(compilation.problem);
  return compilation.path.read(data, new CostMeter());
};
const valueAt = (path: string, data: Json): Json | undefined => {
  const found = read(path, data);
  return found.found ? found.value : undefined;
};
const problemAt = (path: string, data: Json): string | undefined => {
  const found = read(path, data);
  return found.found ? undefined : found.problem;
};

const store: Json = {
  book: [
    { title: 'A', price: 8, 'in-stock': true },
    { title: 'B', price: 12, 'in-stock': false },
    { title: 'C', price: 9 },
  ],
  'delivery-partner': 'UQS',
  'a.b': 1,
  Ж中: 2,
};

describe('a path that names one node', () => {
  it('gives that node', () => {
    expect(valueAt('$', store)).toBe(store);
    expect(valueAt('$.book[1].title', store)).toBe('B');
    expect(valueAt("$['book'][-1]['title']", store)).toBe('C');
    expect(valueAt('$["a.b"]', store)).toBe(1);
    expect(valueAt('$.delivery-partner', store)).toBe('UQS');
    expect(valueAt('$.Ж中', store)).toBe(2);
  });

  it('keeps a backslash in a quoted name unless it escapes the quote or itself, as AWS does', () => {
    expect(valueAt(String.raw`$['Test\""Name"']`, { [String.raw`Test\""Name"`]: 1 })).toBe(1);
    expect(valueAt(String.raw`$['it\'s']`, { "it's": 1 })).toBe(1);
    expect(valueAt(String.raw`$['a\\b']`, { 'a\\b': 1 })).toBe(1);
  });

  it('finds only what is in the data, never what an object inherits', () => {
    expect(valueAt('$.constructor', {})).toBeUndefined();
    expect(valueAt('$.__proto__.x', {})).toBeUndefined();
    expect(valueAt('$.__proto__', JSON.parse('{"__proto__": 1}') as Json)).toBe(1);
    expect(valueAt('$.length', [1])).toBeUndefined();
  });

  it('tells a null from a missing value', () => {
    expect(read('$.a', { a: null })).toEqual({ found: true, value: null });
    expect(problemAt('$.b', { a: null })).toBe("No results for path: $['b']");
  });

  it("says what is missing in the words of AWS's path library", () => {
    expect(problemAt('$.a.b', { a: {} })).toBe("No results for path: $['a']['b']");
    expect(problemAt('$.a.b', {})).toBe("Missing property in path $['a']");
    expect(problemAt('$.a[3]', { a: [] })).toBe("No results for path: $['a'][3]");
    expect(problemAt('$.a.b', { a: 'x' })).toBe(
      "Expected to find an object with property ['b'] in path $['a'] but found 'string'.",
    );
    expect(problemAt('$.a[0]', { a: {} })).toContain('can only be applied to arrays');
  });
});

describe('a path that may select several nodes', () => {
  it('gives an array, be it empty', () => {
    expect(valueAt('$.book[*].title', store)).toEqual(['A', 'B', 'C']);
    expect(valueAt('$.book[0,2].title', store)).toEqual(['A', 'C']);
    expect(valueAt('$.book[0:2].title', store)).toEqual(['A', 'B']);
    expect(valueAt('$..price', store)).toEqual([8, 12, 9]);
    expect(valueAt('$.book[?(@.price < 10)].title', store)).toEqual(['A', 'C']);
    expect(valueAt("$.book[?(@.title == 'B' || @.price == 9)].price", store)).toEqual([12, 9]);
    expect(valueAt('$.book[*].in-stock', store)).toEqual([true, false]);
    expect(valueAt('$.none[*]', store)).toEqual([]);
    expect(valueAt("$.book[?(@.price > $.book[0]['price'])].title", store)).toEqual(['B', 'C']);
    expect(valueAt("$.book[?(@.title == '$..[*],,,,,,,,,')]", store)).toEqual([]);
    expect(valueAt("$['a.b','delivery-partner']", store)).toEqual([1, 'UQS']);
  });

  it('fails, and does not hang, where it selects more than can be held', () => {
    const wide = Array.from({ length: 400 }, () => Array.from({ length: 300 }, () => 0));
    expect(problemAt('$[*][*]', wide)).toBe('More than 100000 results');
  });

  it('fails where the data is nested deeper than it searches', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as Json;
    expect(read('$..a', deep).found).toBe(false);
  });
});

describe('a text that is no path', () => {
  it.each([
    'a.b',
    '',
    '$.',
    '$1a',
    '$a-b',
    '$ .a',
    '$.a b',
    '$[',
    '$[]',
    "$['a",
    "$['a'",
    "$['a' 'b']",
    '$.a[?(@.b ==)]',
    '$.a[1x]',
    '$...a',
    '$..a..b..c',
  ])('%s is refused', (text) => {
    expect(compilePath(text)).toMatchObject({ ok: false });
  });

  it('includes one that is longer than its parser can take', () => {
    expect(compilePath(`$.${'a'.repeat(1_022)}`).ok).toBe(true);
    expect(compilePath(`$.${'a'.repeat(1_023)}`).ok).toBe(false);
  });

  it('includes filters with regular expressions, which could hold a decider for hours', () => {
    expect(compilePath("$.a[?match(@.b, '(a*)*b')]").ok).toBe(false);
    expect(compilePath("$.a[?search(@.b, 'x')]").ok).toBe(false);
  });

  it('includes filters that search the whole data for each node, and unions that multiply them', () => {
    expect(compilePath('$.a[?$[?$[?@.b]]]').ok).toBe(false);
    expect(compilePath('$.a[?count($..*) > 1]').ok).toBe(false);
    expect(compilePath('$.a[?$.b[*]]').ok).toBe(false);
    expect(compilePath(`$${'[0,0]'.repeat(9)}[?@.b]`).ok).toBe(false);
  });
});
