import fc from 'fast-check';
import { base64Of, bytesOfBase64, textOfUtf8, utf8BytesOf } from './text-encoding.ts';

describe('Base64 and UTF-8', () => {
  it('are what Node makes of the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes);
        expect(bytesOfBase64(base64Of(bytes).replaceAll('=', ''))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...utf8BytesOf(text)]).toEqual([...Buffer.from(text)]);
        expect(textOfUtf8(utf8BytesOf(text))).toBe(Buffer.from(text).toString());
      }),
    );
  });

  it('read what is no text without failing, and refuse what is no Base64', () => {
    expect(textOfUtf8(Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82))).toBe('a\ufffd\ufffd(\ufffd\ufffd');
    expect(bytesOfBase64('a')).toBeUndefined();
    expect(bytesOfBase64('a b=')).toBeUndefined();
  });
});
