import fc from 'fast-check';
import type { Json } from '@throughline/contracts';
import { jsonBytes, jsonBytesWithin, sameJson } from './json-size.ts';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

describe('JSON sizes', () => {
  test('are those of the UTF-8 text', () => {
    fc.assert(
      fc.property(fc.oneof(json, fc.string({ unit: 'binary' })), (value) => {
        expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value), 'utf8'));
      }),
    );
  });

  test('are not measured beyond a bound', () => {
    fc.assert(
      fc.property(json, fc.nat(200), (value, bound) => {
        const bytes = jsonBytes(value);
        expect(jsonBytesWithin(value, bound)).toBe(bytes > bound ? undefined : bytes);
      }),
    );
    let shared: Json = 'x';
    for (let i = 0; i < 200; i += 1) shared = [shared, shared];
    expect(jsonBytesWithin(shared, 1_000_000)).toBeUndefined();
  });

  test('two values are the same exactly when their text is', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const copy = JSON.parse(JSON.stringify(a)) as Json;
        expect(sameJson(a, copy)).toBe(true);
        expect(sameJson(copy, b)).toBe(JSON.stringify(copy) === JSON.stringify(b));
      }),
    );
    expect(sameJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(sameJson([], {})).toBe(false);
  });
});
