import type { ScheduleTiming } from '@throughline/contracts';
import { Cron } from 'croner';
import { type TimeZone, timeZoneOf } from './time-zone.ts';

/** The instants of a timing, as this machine's time zone data has them: never asked for by anything that must replay. */
export interface Calendar {
  /** The first instant after a time, both in milliseconds; undefined where there is none any more. */
  readonly nextAfter: (ms: number) => number | undefined;
}

export type CalendarRead =
  | { readonly ok: true; readonly calendar: Calendar }
  | { readonly ok: false; readonly problem: 'expression' | 'time-zone'; readonly why: string };

const WHY_CHARS_MAX = 300;

/** `anchorMs` is what an interval is counted from. */
export const calendarOf = (timing: ScheduleTiming, anchorMs: number): CalendarRead => {
  if (timing.kind === 'interval') return { ok: true, calendar: everyMs(timing.everySeconds * 1_000, anchorMs) };
  const zone = timeZoneOf(timing.timeZone ?? 'UTC');
  if (!zone) return { ok: false, problem: 'time-zone', why: 'no IANA name that is known here' };
  try {
    const wall = wallClock(timing.expression);
    const nextAfter = namesHours(timing.expression)
      ? (ms: number) => nextNamed(wall, zone, ms)
      : (ms: number) => nextPassing(wall, zone, ms);
    return { ok: true, calendar: { nextAfter } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: 'expression', why: why.slice(0, WHY_CHARS_MAX) };
  }
};

const everyMs = (everyMs: number, anchorMs: number): Calendar => ({
  nextAfter: (ms) => {
    if (!(everyMs >= 1)) return undefined;
    return ms < anchorMs ? anchorMs : anchorMs + (Math.floor((ms - anchorMs) / everyMs) + 1) * everyMs;
  },
});

/** The last time that RFC 3339 can write. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** What a wall clock shows when the expression matches, after what it shows now: it knows no zone, and every day has 24 hours. */
type WallClock = (wallMs: number) => number | undefined;

const wallClock = (expression: string): WallClock => {
  const cron = new Cron(expression, { timezone: 'UTC', mode: '5-or-6-parts', paused: true });
  return (wallMs) => {
    const next = cron.nextRun(new Date(wallMs))?.getTime();
    return next === undefined || next > LAST_MS ? undefined : next;
  };
};

const NICKNAMES_OF_DAYS = /^@(yearly|annually|monthly|weekly|daily|midnight)$/i;

/**
 * Whether the expression says at what hours (`30 2 * * *`), or goes by minutes in any hour (`*` or a step of it). As in cron
 * since Vixie: the first is for people and comes once a day whatever the clocks do, the second is for machines and goes on
 * by the time that passes.
 */
const namesHours = (expression: string): boolean => {
  const fields = expression.trim().split(/\s+/);
  if (fields.length === 1) return NICKNAMES_OF_DAYS.test(expression.trim());
  const hour = fields.at(-4) ?? '*';
  return !hour.startsWith('*') && !hour.startsWith('?');
};

/** More wall times in a row cannot be shown twice: a second apart, through the longest hour that a clock was put back. */
const WALL_TIMES_MAX = 100_000;

/** Where the clock skips what is named, at the moment it has skipped it; where the clock shows it twice, the first time only. */
const nextNamed = (wall: WallClock, zone: TimeZone, ms: number): number | undefined => {
  let shown: number | undefined = zone.wallOf(ms);
  for (let n = 0; n < WALL_TIMES_MAX; n += 1) {
    shown = wall(shown);
    if (shown === undefined) return undefined;
    const instant = zone.firstInstantOf(shown);
    if (instant > ms) return instant;
  }
  throw new Error('the clock does not go on');
};

const DAY_MS = 24 * 3_600_000;
const CHANGES_MAX = 1_000;

/** By the time that passes: what the clock skips does not come, what it shows twice comes twice. */
const nextPassing = (wall: WallClock, zone: TimeZone, ms: number): number | undefined => {
  let from = ms;
  let after = zone.wallOf(ms);
  for (let n = 0; n < CHANGES_MAX; n += 1) {
    const next = wall(after);
    if (next === undefined) return undefined;
    const instant = next - (zone.wallOf(from) - from);
    if (instant - from > 3 * DAY_MS) {
      // Nothing comes before, whatever the clock does by less than a day: go on from close by.
      from = instant - 2 * DAY_MS;
      after = zone.wallOf(from);
      continue;
    }
    const change = zone.changeBetween(from, instant);
    if (change === undefined) return instant;
    from = change;
    // The first moment of the new offset may itself be an instant.
    after = zone.wallOf(change) - 1;
  }
  throw new Error('the clock does not go on');
};
