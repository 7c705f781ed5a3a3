import type { Json, JsonPatch } from '@throughline/contracts';
import fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { diffJson, patchJson } from './json-patch.ts';

const INHERITED = new Set(['constructor', 'prototype', ...Object.getOwnPropertyNames(Object.prototype)]);
// Through JSON text, which has no -0: a patch does not tell it from 0, and neither does a canonical hash.
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const namesOf = (value: Json): readonly string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, part]) => [name, ...namesOf(part as Json)])
    : [];
const plain = json.filter((value) => namesOf(value).every((name) => !INHERITED.has(name)));

describe('what differs between two values', () => {
  it('turns the one into the other, and is empty where they are equal', () => {
    fc.assert(
      fc.property(plain, plain, (from, to) => {
        const patch = diffJson(from, to);
        expect(patchJson(from, patch)).toEqual({ ok: true, value: to });
        expect(diffJson(to, structuredClone(to))).toEqual([]);
      }),
    );
  });

  it('names an item that was added to or taken from a long list, and what changed inside one', () => {
    const list = Array.from({ length: 3_000 }, (_, i) => ({ i }));
    expect(diffJson({ list }, { list: [...list, { i: 3_000 }] })).toEqual([
      { op: 'add', path: '/list/3000', value: { i: 3_000 } },
    ]);
    expect(diffJson({ list }, { list: list.filter(({ i }) => i !== 7) })).toEqual([{ op: 'remove', path: '/list/7' }]);
    const changed = list.map((item) => (item.i === 9 ? { i: 'nine' } : item));
    expect(diffJson({ list }, { list: changed })).toEqual([{ op: 'replace', path: '/list/9/i', value: 'nine' }]);
  });

  it('does not mind the order of keys', () => {
    expect(diffJson({ a: 1, b: [1] }, { b: [1], a: 1 })).toEqual([]);
  });

  it('is what the library itself applies', () => {
    const value = { a: [1, 2, 3], b: { c: null } };
    applyPatch(value, diffJson(value, { a: [0, 2], b: { c: 'x', 'd/e~f': 1 } } as Json) as never);
    expect(value).toEqual({ a: [0, 2], b: { c: 'x', 'd/e~f': 1 } });
  });
});

describe('a patch', () => {
  const value = { order: { id: 1, lines: ['a', 'b'] } };
  const patched = (...patch: JsonPatch) => patchJson(value, patch);

  it('applies as a whole, to a copy', () => {
    expect(
      patched(
        { op: 'test', path: '/order/id', value: 1 },
        { op: 'replace', path: '/order/id', value: 2 },
        { op: 'add', path: '/order/lines/-', value: 'c' },
        { op: 'move', from: '/order/lines/0', path: '/first' },
      ),
    ).toEqual({ ok: true, value: { order: { id: 2, lines: ['b', 'c'] }, first: 'a' } });
    expect(value).toEqual({ order: { id: 1, lines: ['a', 'b'] } });
    expect(patched({ op: 'replace', path: '', value: 7 })).toEqual({ ok: true, value: 7 });
  });

  it.each<[string, JsonPatch[number]]>([
    ['/order/none is not there', { op: 'replace', path: '/order/none', value: 1 }],
    ['/order/lines/5 is not there', { op: 'remove', path: '/order/lines/5' }],
    ['/order/lines/9 is not there', { op: 'add', path: '/order/lines/9', value: 1 }],
    ['/order/id has another value', { op: 'test', path: '/order/id', value: 9 }],
    ["a patch cannot name '__proto__'", { op: 'add', path: '/__proto__/admin', value: true }],
    ["a patch cannot name 'constructor'", { op: 'copy', from: '/constructor/name', path: '/x' }],
    ["a patch cannot name 'toString'", { op: 'replace', path: '/toString', value: 1 }],
    ['it removes the whole value', { op: 'remove', path: '' }],
  ])('says of one that does not apply: %s', (problem, operation) => {
    const made = patched({ op: 'replace', path: '/order/id', value: 2 }, operation);
    expect(made).toMatchObject({ ok: false, operation: 1 });
    expect(made.ok ? '' : made.problem).toContain(problem);
    expect(value).toEqual({ order: { id: 1, lines: ['a', 'b'] } });
  });
});

test('lists in lists take no longer with every level', () => {
  const nested = (value: Json): Json => Array.from({ length: 200 }).reduce<Json>((inner) => [inner], value);
  expect(diffJson(nested(1), nested(2))).toEqual([{ op: 'replace', path: '/0'.repeat(200), value: 2 }]);
});

test('a patch that copies the whole into itself again and again ends at a bound', () => {
  const copies = Array.from({ length: 40 }, (_, i) => ({ op: 'copy' as const, from: '', path: `/${i}` }));
  expect(patchJson({ text: 'x'.repeat(1_000) }, copies)).toMatchObject({ ok: false });
});
