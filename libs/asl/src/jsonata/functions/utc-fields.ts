import type { Instant } from '@throughline/contracts';

/** What the library reads of a date in order to fill in the fields that a picture leaves out. */
export interface UtcFields {
  getUTCFullYear(): number;
  getUTCMonth(): number;
  getUTCDate(): number;
  getUTCHours(): number;
  getUTCMinutes(): number;
  getUTCSeconds(): number;
  getUTCMilliseconds(): number;
}

export const utcFieldsOf = (at: Instant): UtcFields => {
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0, fraction = '0'] = at.match(/\d+/g) ?? [];
  return {
    getUTCFullYear: () => Number(year),
    getUTCMonth: () => Number(month) - 1,
    getUTCDate: () => Number(day),
    getUTCHours: () => Number(hours),
    getUTCMinutes: () => Number(minutes),
    getUTCSeconds: () => Number(seconds),
    getUTCMilliseconds: () => Number(String(fraction).padEnd(3, '0').slice(0, 3)),
  };
};
