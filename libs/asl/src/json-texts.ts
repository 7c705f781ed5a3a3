import { asWritten, DATA_DEPTH_MAX, isJsonObject, type Json } from '@throughline/contracts';
import type { CostMeter } from './cost-meter.ts';
import { isNestedDeeperThan } from './validate/size.ts';

/** Values as texts and back, bounded: a few references to one large value must not become a text of gigabytes. */

/** Undefined where the text is no JSON, is nested too deep to be carried on, or says a number that is too large. */
export const parseJson = (text: string): Json | undefined => {
  try {
    const value = JSON.parse(text) as Json; // JSON.parse gives nothing else
    return isNestedDeeperThan(value, DATA_DEPTH_MAX) ? undefined : asWritten(value);
  } catch {
    return undefined;
  }
};

/** About how many characters the value's JSON has. Charges for the walk over it, and for what will be written. */
export const jsonLength = (value: Json, meter: CostMeter): number => {
  if (typeof value === 'string') {
    meter.charge(1 + value.length / 64);
    return value.length + 2;
  }
  meter.charge(1);
  if (typeof value !== 'object' || value === null) return 5;
  let length = 2;
  for (const [key, part] of Object.entries(value)) length += key.length + 2 + jsonLength(part, meter);
  return length;
};

/** A text that is the same for equal values, whatever the order of their keys. */
export const canonicalText = (value: Json, meter: CostMeter): string => {
  if (typeof value === 'string') meter.charge(value.length / 64);
  meter.charge(1);
  if (Array.isArray(value)) return `[${value.map((part: Json) => canonicalText(part, meter)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null, meter)}`).join(',')}}`;
};

/** As AWS writes a value into a text: the way Java prints a map or a list, with strings bare. */
export const javaText = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (!isJsonObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}=${javaText(part)}`)
    .join(', ')}}`;
};
