import fc from 'fast-check';
import { matchesWildcards } from './wildcards.ts';

describe('a pattern of StringMatches', () => {
  it.each([
    ['log-2026.txt', 'log-*.txt', true],
    ['log-.txt', 'log-*.txt', true],
    ['xlog-1.txt', 'log-*.txt', false],
    ['anything', '*', true],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['abcabd', '*abd', true],
    ['a*b', String.raw`a\*b`, true],
    ['axb', String.raw`a\*b`, false],
    [String.raw`a\b`, String.raw`a\\b`, true],
    [String.raw`a\xb`, String.raw`a\\*b`, true],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
  ])('%j against %j: %s', (text, pattern, expected) => {
    expect(matchesWildcards(text, pattern)).toBe(expected);
  });

  it('matches any text that is made by filling its wildcards', () => {
    const part = fc.string({ maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part), { maxLength: 4 }), part, (pairs, tail) => {
        const literal = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('*', '\\*');
        const pattern = `${pairs.map(([text]) => `${literal(text)}*`).join('')}${literal(tail)}`;
        const text = `${pairs.map(([fixed, filling]) => fixed + filling).join('')}${tail}`;
        expect(matchesWildcards(text, pattern)).toBe(true);
      }),
    );
  });

  it('of many wildcards is decided at once', () => {
    expect(matchesWildcards('a'.repeat(5_000), `${'a*'.repeat(50)}b`)).toBe(false);
  });
});
