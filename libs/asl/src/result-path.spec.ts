import { isJsonObject, type Json } from '@throughline/contracts';
import fc from 'fast-check';
import type { Path } from './machine.ts';
import { readPath } from './path/read-path.ts';
import { placeResult } from './result-path.ts';
import { scopeWith } from './spec/scope-with.ts';

const path = (text: string): Path => text as Path; // what validation does once it has compiled the text

describe('a result placed by ResultPath', () => {
  it('is read back by the same path, and everything beside it keeps its reference', () => {
    const name = fc.string({ minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 4 }),
        fc.jsonValue(),
        fc.jsonValue(),
        (names, raw, value) => {
          const beside = { kept: true };
          const input: Json = isJsonObject(raw as Json)
            ? { ...(raw as object), '//beside': beside }
            : { '//beside': beside };
          const place = path(
            `$${names.map((n) => `['${n.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`).join('')}`,
          );
          const placed = placeResult(place, input, value as Json);
          if (!placed.ok) return expect(placed.error).toBe('States.ResultPathMatchFailure');
          expect(readPath(place, placed.value, scopeWith())).toEqual({ found: true, value });
          expect(isJsonObject(placed.value) && placed.value['//beside'] === beside).toBe(true);
        },
      ),
    );
  });

  it('makes the objects on its way, and replaces array elements that are there', () => {
    expect(placeResult(path('$.a.b'), {}, 1)).toEqual({ ok: true, value: { a: { b: 1 } } });
    expect(placeResult(path('$.a[1].x'), { a: [0, { y: 1 }] }, 2)).toEqual({
      ok: true,
      value: { a: [0, { y: 1, x: 2 }] },
    });
  });

  it('does not change the raw input', () => {
    const raw = { a: { b: 1 } };
    placeResult(path('$.a.b'), raw, 2);
    expect(raw).toEqual({ a: { b: 1 } });
  });

  it('that is there already gives the raw input itself', () => {
    const result = { r: 1 };
    const raw = { a: [result] };
    const placed = placeResult(path('$.a[0]'), raw, result);
    expect(placed.ok && placed.value === raw).toBe(true);
  });

  it.each([
    ['$.a.b', { a: 'text' }],
    ['$.a.b', { a: null }],
    ['$.a', 'text'],
    ['$.a[0]', {}],
    ['$.a[2]', { a: [1, 2] }],
    ['$.a[0]', { a: { b: 1 } }],
  ])('fails the state where %s has no place in %j', (place, raw) => {
    expect(placeResult(path(place), raw, 1)).toMatchObject({ ok: false, error: 'States.ResultPathMatchFailure' });
  });

  it('cannot reach a prototype', () => {
    const placed = placeResult(path('$.__proto__.polluted'), {}, true);
    expect(JSON.stringify(placed.ok && placed.value)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
