/** One time zone of the machine's data (Node's own ICU): between its wall clock and the time. All in milliseconds. */
export interface TimeZone {
  /** What the wall clock shows at a time, as if it were UTC. */
  readonly wallOf: (ms: number) => number;
  /** When the clock first shows a wall time; where it skips it, the moment after the skip. */
  readonly firstInstantOf: (wallMs: number) => number;
  /** The first moment after `fromMs`, up to `toMs`, at which the offset is another one than at `fromMs`. */
  readonly changeBetween: (fromMs: number, toMs: number) => number | undefined;
}

const ZONES_MAX = 500;
const zones = new Map<string, TimeZone>();

/** Undefined where the name is no IANA name. Offsets are none: they name no zone, and Node reads them only since version 22. */
export const timeZoneOf = (name: string): TimeZone | undefined => {
  const known = zones.get(name);
  if (known) return known;
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  const zone = zoneOf((ms) => offsetAt(format, ms));
  if (zones.size >= ZONES_MAX) zones.clear();
  zones.set(name, zone);
  return zone;
};

/** How far the wall clock is ahead of UTC. */
const offsetAt = (format: Intl.DateTimeFormat, ms: number): number => {
  const second = Math.floor(ms / 1_000) * 1_000;
  const parts = new Map(format.formatToParts(second).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - second;
};

/** No clock is ahead of UTC by more, or behind it by more. */
const AHEAD_MAX_MS = 15 * 3_600_000;
const BEHIND_MAX_MS = 13 * 3_600_000;

const zoneOf = (offset: (ms: number) => number): TimeZone => {
  const changeBetween = (fromMs: number, toMs: number): number | undefined => {
    const before = offset(fromMs);
    if (offset(toMs) === before) return undefined;
    let low = fromMs;
    let high = toMs;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  };
  return {
    wallOf: (ms) => ms + offset(ms),
    firstInstantOf: (wallMs) => {
      const [from, to] = [wallMs - AHEAD_MAX_MS, wallMs + BEHIND_MAX_MS];
      const shownAt = [offset(from), offset(to)]
        .map((ahead) => wallMs - ahead)
        .filter((ms) => ms + offset(ms) === wallMs);
      if (shownAt.length > 0) return Math.min(...shownAt);
      return changeBetween(from, to) ?? wallMs - offset(to);
    },
    changeBetween,
  };
};
