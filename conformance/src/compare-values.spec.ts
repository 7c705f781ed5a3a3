import type { Json } from '@throughline/contracts';
import { compareValues, parsedText } from './compare-values.ts';
import { NO_BINDINGS, placeholdersOf } from './placeholders.ts';

const compared = (expected: Json, actual: Json | undefined) =>
  compareValues('output', expected, actual, placeholdersOf([]), NO_BINDINGS);
const differenceOf = (expected: Json, actual: Json | undefined) => {
  const result = compared(expected, actual);
  return result.equal ? undefined : result.difference;
};

describe('values', () => {
  it('are equal whatever the order of their keys', () => {
    expect(differenceOf({ a: 1, b: [null, true] }, { b: [null, true], a: 1 })).toBeUndefined();
  });

  it.each<[Json, Json | undefined, string]>([
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 'output.a.b[1]'],
    [{ a: 1 }, { a: 1, b: 2 }, 'output.b'],
    [{ a: 1, b: 2 }, { a: 1 }, 'output.b'],
    [[1, 2], [2, 1], 'output[0]'],
    [[1], [1, 2], 'output'],
    [1, '1', 'output'],
    ['<any>', 1, 'output'],
    [null, undefined, 'output'],
    [{}, [], 'output'],
    [[], {}, 'output'],
    [false, null, 'output'],
  ])('%j and %j differ', (expected, actual, place) => {
    expect(differenceOf(expected, actual)?.place).toBe(place);
  });

  it('are equal as numbers, however they are written', () => {
    expect(differenceOf(0, -0)).toBeUndefined();
    expect(differenceOf(1.0, 1)).toBeUndefined();
  });

  it('need every placeholder to stand for one string', () => {
    expect(differenceOf({ a: '<id>', b: '<id>' }, { a: 'x', b: 'x' })).toBeUndefined();
    expect(differenceOf({ a: '<id>', b: '<id>' }, { a: 'x', b: 'y' })).toBeDefined();
  });

  it('learn a placeholder where it stands alone before it is looked for inside a string', () => {
    const expected = { arn: '<one><two>', first: '<one>', second: '<two>' };
    expect(differenceOf(expected, { arn: 'abcd', first: 'abc', second: 'd' })).toBeUndefined();
    expect(differenceOf(expected, { arn: 'abcd', first: 'ab', second: 'd' })).toBeDefined();
  });

  it('do not take a string with a member name of every object for one', () => {
    expect(differenceOf({ toString: 1 }, {})?.place).toBe('output.toString');
  });
});

describe('a string that is JSON text', () => {
  it.each<[Json | undefined, Json | undefined]>([
    ['[1,2]', [1, 2]],
    ['"x"', 'x'],
    ['42', 42],
    ['plain', 'plain'],
    ['', ''],
    [{ a: '1' }, { a: '1' }],
    [undefined, undefined],
  ])('%j stands for %j', (text, value) => {
    expect(parsedText(text)).toEqual(value);
  });
});
