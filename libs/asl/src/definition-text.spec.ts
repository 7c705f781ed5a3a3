import { readDefinitionText } from './definition-text.ts';
import { parseMachine } from './parse-machine.ts';

const definitionOf = (text: string) => {
  const read = readDefinitionText(text);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.definition;
};
const faultOf = (text: string) => {
  const read = readDefinitionText(text);
  return read.ok ? undefined : read.faults[0];
};

describe('the text of a definition', () => {
  it('may be JSON', () => {
    expect(definitionOf('{"StartAt": "A", "States": {}}')).toEqual({ StartAt: 'A', States: {} });
  });

  it('may be YAML 1.2, where only true, false and null are words', () => {
    const text = `
# orders
StartAt: Pack
States:
  Pack:
    Type: Pass
    Comment: no
    Result: { since: 2026-01-31, answer: 0o17, off: off, "200": ok, nothing: ~ }
    End: true
`;
    const definition = definitionOf(text);
    expect(definition).toEqual({
      StartAt: 'Pack',
      States: {
        Pack: {
          Type: 'Pass',
          Comment: 'no',
          Result: { since: '2026-01-31', answer: 15, off: 'off', '200': 'ok', nothing: null },
          End: true,
        },
      },
    });
    expect(parseMachine(definition)).toMatchObject({ ok: true });
  });

  it('may repeat a part by an alias', () => {
    expect(definitionOf('a: &retry [{ MaxAttempts: 2 }]\nb: *retry\n')).toEqual({
      a: [{ MaxAttempts: 2 }],
      b: [{ MaxAttempts: 2 }],
    });
  });

  it('keeps a key that is a part of every object', () => {
    expect(JSON.stringify(definitionOf('__proto__: 1\nconstructor: 2\n'))).toBe('{"__proto__":1,"constructor":2}');
  });

  it.each([
    ['is neither', 'a: b: c', /line 1, column 5: bad indentation/],
    ['is broken JSON', '{"a": 1,, }', /line 1, column 9: /],
    ['repeats a key', 'a: 1\nb: 2\na: 3\n', /line 3, column 1: duplicated mapping key/],
    ['has a tag of its own', 'a: !order 1\n', /line 1, column 4: unknown scalar tag !<!order>/],
    ['has binary data', 'a: !!binary aGk=\n', /unknown scalar tag/],
    ['has two documents', 'a: 1\n---\nb: 2\n', /single document/],
    ['has nothing', '# nothing\n', /empty/],
    ['has a key that is no text', '? [a]\n: b\n', /line 1, column 1: .* complex keys/],
    ['is of another version', '# old\n%YAML 1.1\n---\na: no\n', /1\.2/],
    ['names no anchor', 'a: *b\n', /line 1, column 5: unidentified alias/],
    ['has an endless number', 'a: [.inf]\n', /\.inf/],
    ['is JSON with a number that is too large', '{"a": 1e400}', /endless/],
  ])('that %s is refused with its place', (_, text, message) => {
    expect(faultOf(text)).toEqual({ pointer: '', code: 'BAD_YAML', message: expect.stringMatching(message) as string });
  });

  it('is bounded: in size, in depth, and in what aliases make of it', () => {
    expect(faultOf('a'.repeat(1_600_000))?.code).toBe('TOO_LARGE');
    expect(faultOf(`a: ${'x'.repeat(600_000)}`)?.code).toBe('TOO_LARGE');
    expect(faultOf(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)?.code).toBe('TOO_DEEP');
    expect(faultOf(`a: ${'['.repeat(50_000)}`)?.message).toMatch(/nesting/);
    expect(faultOf('- '.repeat(50_000))?.message).toMatch(/nesting/);
    const doubling = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 40; i += 1) doubling.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(faultOf(doubling.join('\n'))?.code).toBe('TOO_LARGE');
    expect(faultOf(`a: &a "${'x'.repeat(100_000)}"\nb: [${'*a, '.repeat(90)}]`)?.code).toBe('TOO_LARGE');
    expect(faultOf(`a: &a [x]\nb: [${'*a, '.repeat(101)}]`)?.message).toMatch(/aliases/);
    expect(faultOf('a: &a [*a]')?.code).toBe('TOO_DEEP');
  });
});
