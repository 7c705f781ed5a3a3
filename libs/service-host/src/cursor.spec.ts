import { readCursor, writeCursor } from './cursor.ts';

const made = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url');

describe('a page cursor', () => {
  it('comes back as it was written', () => {
    const key = ['2026-01-01T00:00:00.000Z', 'e1'];
    expect(readCursor(writeCursor(key), ['text', 'text'])).toEqual(key);
    expect(readCursor(writeCursor(['12']), ['number'])).toEqual(['12']);
    expect(readCursor(undefined, ['number'])).toBeUndefined();
  });

  it.each([
    ['no base64 of JSON', '%00', ['text']],
    ['of another length', made(['a']), ['text', 'text']],
    ['of other types', made([1, 2]), ['text', 'text']],
    ['with a text where a number stands', made(['x']), ['number']],
    ['with a number that no column holds', made(['99999999999']), ['number']],
    ['with a fraction', made(['1.5']), ['number']],
    ['with a character that Postgres does not take', made(['a\u0000']), ['text']],
  ] as const)('%s is the mistake of who made it up', (_, cursor, shape) => {
    expect(() => readCursor(cursor, shape)).toThrow(expect.objectContaining({ code: 'TL0001' }));
  });
});
