import { firstDifference } from './json-difference.ts';

describe('the first difference', () => {
  test('is named by an RFC 6901 pointer', () => {
    expect(firstDifference({ 'a/b': [{ '~': 1 }] }, { 'a/b': [{ '~': 2 }] })).toEqual({
      pointer: '/a~1b/0/~0',
      expected: 1,
      actual: 2,
    });
  });

  test('is undefined for equal values only', () => {
    expect(firstDifference({ a: [1, null] }, { a: [1, null] })).toBeUndefined();
    expect(firstDifference({ a: 1, b: 2 }, { b: 2, a: 1 })).toMatchObject({ pointer: '' });
  });

  test('shows a missing key as null, on whichever side', () => {
    expect(firstDifference({ a: 1 }, {})).toEqual({ pointer: '/a', expected: 1, actual: null });
    expect(firstDifference({}, { a: 1 })).toEqual({ pointer: '/a', expected: null, actual: 1 });
    expect(firstDifference([1], [1, 2])).toEqual({ pointer: '/1', expected: null, actual: 2 });
    expect(firstDifference([], {})).toEqual({ pointer: '', expected: [], actual: {} });
  });
});
