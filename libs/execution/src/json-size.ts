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

/** Characters of the value's JSON text at the least; beyond the bound it looks no further. */
const shortestText = (value: Json, charsMax: number): number => {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 1;
  let chars = 2;
  const parts: readonly Json[] = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) {
    chars += shortestText(part, charsMax - chars);
    if (chars > charsMax) return chars;
  }
  return chars;
};

/**
 * UTF-8 bytes of the value's JSON text; undefined where they are more than the bound. A few references to one value can
 * stand for gigabytes, which must not be written to be measured.
 */
export const jsonBytesWithin = (value: Json, bytesMax: number): number | undefined => {
  if (shortestText(value, bytesMax) > bytesMax) return undefined;
  const bytes = jsonBytes(value);
  return bytes > bytesMax ? undefined : bytes;
};

/**
 * Equal text as JSON; no -0 gets as far as here. By value, never by reference: which values share a reference differs between the process that
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
