import type { Instant } from '@throughline/contracts';

/**
 * RFC 3339 text <-> milliseconds since 1970, by arithmetic alone: the pure libraries have no clock and no `Date`, so
 * that the same log gives the same bytes in every process.
 */

const DAY_MS = 86_400_000;
/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: what four digits of a year can say. */
const FIRST_MS = -62_167_219_200_000;
const LAST_MS = 253_402_300_799_999;

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar. Years are counted from March, so a leap day is the last one. */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

const civilFromDays = (days: number): { year: number; month: number; day: number } => {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
};

const daysInMonth = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

const offsetMinutes = (zone: string): number | undefined => {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
};

/** A point in time as finely as RFC 3339 text can write it: comparisons must not lose what is below a millisecond. */
export interface ExactInstant {
  readonly ms: number;
  /** 0 to 999,999. */
  readonly nanos: number;
}

export const parseExactInstant = (text: string): ExactInstant | undefined => {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]; // the expression has exactly these six groups of digits
  const offset = offsetMinutes(match[8] ?? 'Z');
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offset === undefined) return undefined;
  const nanos = Number((match[7] ?? '').padEnd(9, '0'));
  const seconds = hour * 3_600 + (minute - offset) * 60 + second;
  const ms = daysFromCivil(year, month, day) * DAY_MS + seconds * 1_000 + Math.floor(nanos / 1_000_000);
  return ms < FIRST_MS || ms > LAST_MS ? undefined : { ms, nanos: nanos % 1_000_000 };
};

/** Milliseconds since 1970 of an RFC 3339 timestamp with an upper-case T, and Z or an offset. Anything else is undefined. */
export const parseInstant = (text: string): number | undefined => parseExactInstant(text)?.ms;

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/** `2026-01-31T12:00:00.000Z`. Throws beyond the years 0000 to 9999: nothing that was parsed or bounded gets there. */
export const formatInstant = (ms: number): Instant => {
  if (!Number.isInteger(ms) || ms < FIRST_MS || ms > LAST_MS) throw new RangeError(`no RFC 3339 form for ${ms} ms`);
  const days = Math.floor(ms / DAY_MS);
  const inDay = ms - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const time = [3_600_000, 60_000, 1_000].map((unit, i) => digits(Math.floor(inDay / unit) % (i === 0 ? 24 : 60), 2));
  // The cast states what this function builds: exactly the shape that the schema of Instant asks for.
  return `${date}T${time.join(':')}.${digits(inDay % 1_000, 3)}Z` as Instant;
};
