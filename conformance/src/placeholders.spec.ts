import type { Json } from '@throughline/contracts';
import { bind, NO_BINDINGS, placeholdersOf } from './placeholders.ts';

const bound = (expected: string, actual: string, given: readonly Json[] = [], known = NO_BINDINGS) => {
  const found = bind(placeholdersOf(given).split(expected), actual, known);
  return found && Object.fromEntries(found);
};

describe('a placeholder', () => {
  it.each(['<uuid:1>', '<ArnPart_0idx>', '<timestamp>', 'snf_role_arn', '__request_id__', 'date', 'timestamp'])(
    'of the form %s stands for any string',
    (placeholder) => {
      expect(bound(placeholder, 'whatever')).toEqual({ [placeholder]: 'whatever' });
      expect(bound(placeholder, '')).toEqual({ [placeholder]: '' });
    },
  );

  it('stands inside a longer string', () => {
    expect(bound('arn:<partition>:states:<region>:1:x', 'arn:aws:states:eu-west-1:1:x')).toEqual({
      '<partition>': 'aws',
      '<region>': 'eu-west-1',
    });
  });

  it('stands for the same string wherever it stands', () => {
    expect(bound('<a>-<a>', 'x-x')).toEqual({ '<a>': 'x' });
    expect(bound('<a>-<a>', 'x-y')).toBeUndefined();
    expect(bound('<a>', 'y', [], new Map([['<a>', 'x']]))).toBeUndefined();
  });

  it('leaves the text around it literal', () => {
    expect(bound('id=<uuid:1>.', 'id=5')).toBeUndefined();
    expect(bound('a.c<x>', 'abc1')).toBeUndefined();
  });

  it('may stand beside another one, and for nothing', () => {
    expect(bound('<a><b>!', 'x!')).toEqual({ '<a>': '', '<b>': 'x' });
    expect(bound('<a><a>', 'xyxy')).toEqual({ '<a>': 'xy' });
    expect(bound('<a><a>', 'xyx')).toBeUndefined();
  });

  it('is given up where a string nearly fits in more ways than can be looked at', () => {
    const many = [...'abcdefgh'].map((name) => `<${name}>`).join('-');
    expect(bound(`${many}!`, '-'.repeat(3_000))).toBeUndefined();
  });

  it('may stand for text with line breaks', () => {
    expect(bound('trace: <omitted>!', 'trace: a\nb!')).toEqual({ '<omitted>': 'a\nb' });
  });
});

describe('a bare word', () => {
  it('is literal where the input or an outcome holds it too', () => {
    expect(bound('date', '2026-01-31', [{ headers: [{ Date: 'date' }] }])).toBeUndefined();
    expect(bound('date', 'date', [{ headers: [{ Date: 'date' }] }])).toEqual({});
    expect(bound('timestamp', '2026-01-31', ['date'])).toEqual({ timestamp: '2026-01-31' });
  });

  it('is a placeholder as a whole string of JSON text, but not as a part of other text', () => {
    expect(bound('{"at":"date"}', '{"at":"2026"}')).toEqual({ date: '2026' });
    expect(bound('the date of today', 'the 2026 of today')).toBeUndefined();
    expect(bound('no-date', 'no-2026')).toBeUndefined();
  });
});
