import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalHash, random01, sha256Hex } from './hashes.ts';

describe('hashes', () => {
  test('are sha256 of the UTF-8 text, whatever was hashed before', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.string({ minLength: 1_000, maxLength: 1_100 }),
    );
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 5 }), (several) => {
        for (const text of several) expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'));
      }),
    );
  });

  test('of values do not depend on the order of keys', () => {
    expect(canonicalHash({ b: 1, a: [true, null] })).toBe(canonicalHash({ a: [true, null], b: 1 }));
    expect(canonicalHash({ a: 1 })).not.toBe(canonicalHash({ a: '1' }));
  });

  test('give numbers in [0, 1) that differ from draw to draw', () => {
    const seed = 'ab'.repeat(16);
    const drawn = Array.from({ length: 500 }, (_, n) => random01(seed, n));
    expect(new Set(drawn).size).toBe(500);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    const mean = drawn.reduce((sum, n) => sum + n, 0) / drawn.length;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
  });
});
