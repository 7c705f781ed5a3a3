import fc from 'fast-check';
import { formatInstant, parseExactInstant, parseInstant } from './instant.ts';

const LAST_MS = 253_402_300_799_999;

describe('an RFC 3339 timestamp', () => {
  it('is read with Z, with an offset, and with a fraction of any length up to nanoseconds', () => {
    expect(parseInstant('1970-01-01T00:00:00Z')).toBe(0);
    expect(parseInstant('2016-03-14T01:59:00Z')).toBe(Date.UTC(2016, 2, 14, 1, 59));
    expect(parseInstant('2016-03-14T01:59:00.5+01:30')).toBe(Date.UTC(2016, 2, 14, 0, 29, 0, 500));
    expect(parseExactInstant('1970-01-01T00:00:00.123456789Z')).toEqual({ ms: 123, nanos: 456_789 });
  });

  it.each([
    '2016-12-05 21:29:29Z',
    '2016-12-05T21:29:29',
    '2016-13-05T21:29:29Z',
    '2016-12-05T25:29:29Z',
    '05-12-2016T21:29:29Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2016-12-05t21:29:29z',
    '2016-12-05T21:29:60Z',
    '2016-12-05T21:29:29+24:00',
    '0000-01-01T00:00:00+00:01',
    '2016-12-05',
    '',
  ])('is not %s', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('is written as a Date writes it, and read back to the same milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1, 0), max: LAST_MS }), (ms) => {
        expect(formatInstant(ms)).toBe(new Date(ms).toISOString());
        expect(parseInstant(formatInstant(ms))).toBe(ms);
      }),
    );
  });

  it('is not written beyond four digits of a year', () => {
    expect(() => formatInstant(LAST_MS + 1)).toThrow(RangeError);
    expect(() => formatInstant(0.5)).toThrow(RangeError);
  });
});
