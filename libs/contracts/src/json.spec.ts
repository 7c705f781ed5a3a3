import fc from 'fast-check';
import { asWritten, flawIn, isDeeperThan, type Json } from './json.ts';

const finite = fc.oneof(fc.constantFrom(-0, Number.MAX_VALUE, -Number.MIN_VALUE), fc.double({ noNaN: true }));
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(finite, fc.string(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const holds = (value: Json, test: (number: number) => boolean): boolean => {
  if (typeof value === 'number') return test(value);
  return typeof value === 'object' && value !== null && Object.values(value).some((part: Json) => holds(part, test));
};

describe('a value as it is written', () => {
  it('is what its JSON text gives back, or nothing where a number has no such text', () => {
    fc.assert(
      fc.property(json, (value) => {
        const endless = holds(value, (number) => !Number.isFinite(number));
        expect(asWritten(value)).toStrictEqual(endless ? undefined : JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is the value itself where nothing differs', () => {
    const value = { a: [0, null, '-0', { b: -1.5 }] };
    expect(asWritten(value)).toBe(value);
    expect(Object.is(asWritten(-0), 0)).toBe(true);
  });

  it('keeps a key that is called __proto__', () => {
    expect(JSON.stringify(asWritten(JSON.parse('{"__proto__": {"a": -0}}') as Json))).toBe('{"__proto__":{"a":0}}');
  });
});

describe('the flaw in a value', () => {
  it('is its depth or an endless number before it is a negative zero', () => {
    expect(flawIn([-0, [Infinity]])).toBe('not-finite');
    expect(flawIn([-0, [[]]], 2)).toBe('too-deep');
    expect(flawIn([[-0], 1], 2)).toBe('negative-zero');
    expect(flawIn([[0], null, '1e400'], 2)).toBeUndefined();
  });

  it('is its depth exactly where it is deeper than it may be', () => {
    const finiteJson = json.filter((value) => !holds(value, (number) => !Number.isFinite(number)));
    fc.assert(
      fc.property(finiteJson, fc.nat(4), (value, depth) => {
        expect(flawIn(value, depth) === 'too-deep').toBe(isDeeperThan(value, depth));
      }),
    );
  });
});
