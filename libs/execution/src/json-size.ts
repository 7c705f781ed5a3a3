import type { Json } from '@throughline/contracts';

const ASCII_ONLY = /^[\0-\x7f]*$/;

const utf8Bytes = (text: string): number => {
  if (ASCII_ONLY.test(text)) return text.length;
  let bytes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is four bytes, two per half; JSON text holds no lone ones, they are escaped.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
};

/** UTF-8 bytes of the value as compact JSON text: what AWS bounds state data by. */
export const jsonBytes = (value: Json): number => utf8Bytes(JSON.stringify(value));

const holdsNonFinite = (value: Json): boolean => {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsNonFinite);
};

/**
 * Size of a payload that came from outside, or undefined where it holds a number that JSON text cannot say again:
 * `1e400` parses as Infinity and would be written as null, so what was decided would not be what the log says.
 */
export const payloadBytes = (value: Json): number | undefined => {
  const text = JSON.stringify(value);
  return text.includes('null') && holdsNonFinite(value) ? undefined : utf8Bytes(text);
};

/**
 * Equal text as JSON. By value, never by reference: which values share a reference differs between the process that
 * decided and one that folded the log, and the events must not.
 */
export const sameJson = (a: Json, b: Json): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const aEntries = Object.entries(a);
  const bEntries = Object.entries(b);
  return (
    aEntries.length === bEntries.length &&
    aEntries.every(([key, value], i) => {
      const other = bEntries[i];
      return other !== undefined && other[0] === key && sameJson(value, other[1]);
    })
  );
};
