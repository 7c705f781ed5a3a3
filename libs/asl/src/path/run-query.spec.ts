import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { JSONPathEnvironment, type JSONValue } from 'json-p3';
import { CostExceeded, CostMeter } from '../cost-meter.ts';
import { QueryStopped, runQuery } from './run-query.ts';

const environment = new JSONPathEnvironment();
const run = (path: string, data: Json): readonly Json[] => runQuery(environment.compile(path), data, new CostMeter());

const data = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(0, 1, 2, -1, 'x', 'y', 'é', '', true, false, null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

const operand = fc.constantFrom(
  '@',
  '@.a',
  '@.b[0]',
  '$.a',
  '1',
  '"x"',
  'null',
  'true',
  'count(@.*)',
  'length(@.a)',
  'value(@..b)',
);
const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');
const test = fc.letrec<{ test: string }>((tie) => ({
  test: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(operand, operator, operand).map((parts) => parts.join(' ')),
    fc.constantFrom('@.a', '@[0]', '@..c', '!@.b', '$.a'),
    fc.tuple(tie('test'), fc.constantFrom('&&', '||'), tie('test')).map(([l, op, r]) => `(${l}) ${op} (${r})`),
    tie('test').map((inner) => `!(${inner})`),
  ),
})).test;
const segment = fc.oneof(
  fc.constantFrom(
    '.a',
    "['b']",
    '[0]',
    '[-1]',
    '[*]',
    '[1:]',
    '[:2]',
    '[::2]',
    '[::-1]',
    '[3:0:-1]',
    '[-2:]',
    '[0:0]',
    "['a','c']",
    '[0,1]',
  ),
  fc.constantFrom('..a', '..[0]', '..*', '..[?@.a]'),
  test.map((inner) => `[?${inner}]`),
);
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `$${segments.join('')}`);

describe('a query', () => {
  it('selects what the library selects, in the same order', () => {
    fc.assert(
      fc.property(path, data, (text, value) => {
        // The cast only takes away `readonly`: a query does not write.
        expect(run(text, value)).toEqual(environment.query(text, value as JSONValue).values());
      }),
      { numRuns: 5_000 },
    );
  });

  it('ends where it would visit far more nodes than there are', () => {
    let deep: Json = 0;
    for (let i = 0; i < 250; i += 1) deep = { a: deep, b: Array.from({ length: 100 }, (_, n) => n) };
    for (const text of ['$..*..zz', '$..[?@..zz]', '$..[?count(@..*) > 1]', '$..[*]..zz[*]']) {
      expect(() => run(text, deep)).toThrow(CostExceeded);
    }
    expect(() => run('$..*..*', deep)).toThrow(QueryStopped);
  });

  it('ends on data that is nested deeper than state data may be', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as Json;
    expect(() => run('$..a', deep)).toThrow(QueryStopped);
  });
});
