import fc from 'fast-check';
import { scheduleTimingSchema } from '@throughline/contracts';
import { Cron } from 'croner';
import { type Calendar, calendarOf } from './calendar.ts';
import { timeZoneOf } from './time-zone.ts';

const cron = (expression: string, timeZone = 'UTC'): Calendar => {
  const read = calendarOf({ kind: 'cron', expression, timeZone }, 0);
  if (!read.ok) throw new Error(read.why);
  return read.calendar;
};
const following = (calendar: Calendar, from: string, count: number): readonly string[] => {
  const found: string[] = [];
  let ms: number | undefined = Date.parse(from);
  while (found.length < count) {
    ms = calendar.nextAfter(ms);
    if (ms === undefined) break;
    found.push(new Date(ms).toISOString().replace('.000Z', 'Z'));
  }
  return found;
};
const next = (expression: string, timeZone: string, from: string, count = 3): readonly string[] =>
  following(cron(expression, timeZone), from, count);

describe('an hour that is named', () => {
  it('comes once a day at that time of the zone', () => {
    expect(next('0 9 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z')).toEqual([
      '2026-03-28T08:00:00Z',
      '2026-03-29T07:00:00Z',
      '2026-03-30T07:00:00Z',
    ]);
  });

  it('that the clock skips comes right after the skip, once however often it is named', () => {
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ]);
    expect(next('15,45 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:15:00Z',
    ]);
    expect(next('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 1)).toEqual(['2026-03-08T07:00:00Z']);
    expect(next('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', 2)).toEqual([
      '2018-11-04T03:00:00Z',
      '2018-11-05T02:00:00Z',
    ]);
  });

  it('that the clock shows twice comes the first time only', () => {
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    expect(next('15,45 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:15:00Z',
      '2026-10-25T00:45:00Z',
      '2026-10-26T01:15:00Z',
    ]);
    // Asked between the two, within the second, and after it.
    for (const from of ['2026-10-25T00:30:00Z', '2026-10-25T01:10:00Z', '2026-10-25T01:30:00Z']) {
      expect(next('30 2 * * *', 'Europe/Berlin', from, 1)).toEqual(['2026-10-26T01:30:00Z']);
    }
  });

  it('is right where clocks change by half an hour, or a day is left out', () => {
    expect(next('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', 2)).toEqual([
      '2026-10-03T15:30:00Z',
      '2026-10-04T15:15:00Z',
    ]);
    expect(next('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00:00Z', 2)).toEqual([
      '2026-04-04T14:45:00Z',
      '2026-04-05T15:15:00Z',
    ]);
    // Apia had no 30 December 2011.
    expect(next('0 12 30 * *', 'Pacific/Apia', '2011-12-20T00:00:00Z', 1)).toEqual(['2011-12-30T10:00:00Z']);
  });
});

describe('any hour', () => {
  it('goes on by the time that passes when clocks are put forward', () => {
    expect(next('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 4)).toEqual([
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-29T02:00:00Z',
    ]);
  });

  it('comes twice in an hour that the clock shows twice', () => {
    expect(next('30 * * * *', 'Europe/Berlin', '2026-10-24T23:00:00Z', 4)).toEqual([
      '2026-10-24T23:30:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:30:00Z',
    ]);
  });

  it('finds days that are far away', () => {
    expect(next('0 * 29 2 *', 'Europe/Berlin', '2026-01-01T00:00:00Z', 2)).toEqual([
      '2028-02-28T23:00:00Z',
      '2028-02-29T00:00:00Z',
    ]);
  });
});

describe('what can be written', () => {
  it.each([
    ['*/10 * * * * *', '2026-01-01T00:00:10Z'],
    ['0 0 * JAN MON', '2026-01-05T00:00:00Z'],
    ['0 0 L * *', '2026-01-31T00:00:00Z'],
    ['0 0 * * 1#2', '2026-01-12T00:00:00Z'],
    ['@weekly', '2026-01-04T00:00:00Z'],
    ['@hourly', '2026-01-01T01:00:00Z'],
    ['  0   0 1 2 * ', '2026-02-01T00:00:00Z'],
  ])('%s', (expression, instant) => {
    expect(next(expression, 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual([instant]);
  });

  it.each(['', '* * * *', '* * * * * * *', '61 * * * *', '*/0 * * * *', 'a b c d e', '* * * * 8', '@reboot'])(
    '%j is no expression',
    (expression) => {
      expect(calendarOf({ kind: 'cron', expression }, 0)).toMatchObject({ ok: false, problem: 'expression' });
    },
  );

  it.each(['Europe/Atlantis', '+02:00', 'local', '', ' '])('%j is no time zone', (timeZone) => {
    expect(calendarOf({ kind: 'cron', expression: '0 0 * * *', timeZone }, 0)).toMatchObject({ problem: 'time-zone' });
  });

  it.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *'])('%s never comes', (expression) => {
    expect(next(expression, 'Europe/Berlin', '2026-01-01T00:00:00Z')).toEqual([]);
  });
});

describe('an interval', () => {
  it('counts from its anchor, before and after it', () => {
    const timing = scheduleTimingSchema.parse({ kind: 'interval', everySeconds: 90 });
    const read = calendarOf(timing, Date.parse('2026-01-01T00:00:00Z'));
    const calendar = read.ok ? read.calendar : cron('');
    expect(following(calendar, '2025-12-31T00:00:00Z', 3)).toEqual([
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:01:30Z',
      '2026-01-01T00:03:00Z',
    ]);
  });
});

describe('whatever is asked', () => {
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  );
  const minutes = fc.constantFrom('0', '30', '*/7', '5,50', '*');
  const hours = fc.constantFrom('*', '*/2', '2', '0-4', '1,2,3', '23');
  const days = fc.constantFrom('* * *', '* * 0', '1 * *', '25-31 3,10 *');
  const around = (ms: number) => fc.integer({ min: ms - 2 * 3_600_000, max: ms + 2 * 3_600_000 });
  const from = fc.oneof(
    fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
    // Clocks of Berlin, New York and Lord Howe are put forward and back.
    around(Date.UTC(2026, 2, 29, 1)),
    around(Date.UTC(2026, 9, 25, 1)),
    around(Date.UTC(2026, 10, 1, 6)),
    around(Date.UTC(2026, 3, 4, 15)),
  );

  it('instants rise, are whole seconds, and do not depend on where between them one asks', () => {
    fc.assert(
      fc.property(
        zone,
        minutes,
        hours,
        days,
        from,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (tz, m, h, d, ms, part) => {
          const calendar = cron(`${m} ${h} ${d}`, tz);
          const first = calendar.nextAfter(ms) ?? Number.NaN;
          const second = calendar.nextAfter(first) ?? Number.NaN;
          expect(first).toBeGreaterThan(ms);
          expect(second).toBeGreaterThan(first);
          expect(first % 1_000).toBe(0);
          expect(calendar.nextAfter(Math.floor(ms + (first - ms) * part))).toBe(first);
          expect(calendar.nextAfter(Math.floor(first + (second - first) * part))).toBe(second);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('away from changes of the clock, they are what croner finds in the zone by itself', () => {
    fc.assert(
      fc.property(zone, minutes, hours, days, from, (tz, m, h, d, ms) => {
        const found = cron(`${m} ${h} ${d}`, tz).nextAfter(ms) ?? Number.NaN;
        const day = 26 * 3_600_000;
        fc.pre(timeZoneOf(tz)?.changeBetween(found - day, found + day) === undefined);
        fc.pre(timeZoneOf(tz)?.changeBetween(ms - day, ms + day) === undefined);
        const theirs = new Cron(`${m} ${h} ${d}`, { timezone: tz, paused: true }).nextRun(new Date(ms));
        expect(new Date(found).toISOString()).toBe(theirs?.toISOString());
      }),
      { numRuns: 150 },
    );
  });
});
