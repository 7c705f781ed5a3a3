import { msOf, timeText } from './settings.ts';

describe('times on the command line', () => {
  test.each(['1ms', '500ms', '30s', '15m', '8h', '3d', '90s'])('%s is read and written as the same', (text) => {
    expect(msOf(timeText(msOf(text)))).toBe(msOf(text));
  });

  test('are written in the largest unit that holds them whole', () => {
    expect([60_000, 90_000, 86_400_000, 1].map(timeText)).toEqual(['1m', '90s', '1d', '1ms']);
  });

  test.each(['', '30', '1.5s', '-1s', 's', '1w'])('%j is no time', (text) => {
    expect(() => msOf(text)).toThrow('a time is');
  });
});
