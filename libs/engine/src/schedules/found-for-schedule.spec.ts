import { catchUp } from './found-for-schedule.ts';
import { calendarOf } from './calendar.ts';

const every = (seconds: number) => {
  const read = calendarOf({ kind: 'interval', everySeconds: seconds }, 0);
  if (!read.ok) throw new Error(read.why);
  return read.calendar;
};
const HOUR_MS = 3_600_000;
const late = (seconds: number, dueMs: number, seenMs: number, windowMs = HOUR_MS) => {
  const { due, missed, next } = catchUp(every(seconds), { dueMs, seenMs, windowMs });
  return { due: due.map((at) => Date.parse(at) / 1_000), missed, next: Date.parse(next ?? '') / 1_000 };
};

describe('catching up', () => {
  it('takes a timer that comes in time as its one instant', () => {
    expect(late(60, 120_000, 120_180)).toEqual({ due: [120], missed: 0, next: 180 });
  });

  it('takes the instants of the window, and counts those before it', () => {
    expect(late(600, 0, 5 * HOUR_MS + 1_000)).toEqual({
      due: [15_000, 15_600, 16_200, 16_800, 17_400, 18_000],
      missed: 25,
      next: 18_600,
    });
  });

  it('takes at most the latest twenty, and counts at most a thousand', () => {
    const { due, missed } = late(1, 0, 2 * HOUR_MS);
    expect(due).toEqual(Array.from({ length: 20 }, (_, n) => 7_181 + n));
    expect(missed).toBe(1_000);
  });

  it('finds none in the window where the last was before it', () => {
    expect(late(86_400, 0, 20 * HOUR_MS)).toEqual({ due: [], missed: 1, next: 86_400 });
  });
});
