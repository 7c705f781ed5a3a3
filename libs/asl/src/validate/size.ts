import type { Json } from '@throughline/contracts';

export const DEFINITION_BYTES_MAX = 1_048_576;
/** Objects and arrays within each other, over the whole definition. */
export const NESTING_MAX = 200;

/** Without recursion: the value may be nested deeper than the stack allows, and this is what finds out. */
export const isNestedDeeperThan = (value: Json, max: number): boolean => {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > max) return true;
    level = level
      .filter((part) => typeof part === 'object' && part !== null)
      .flatMap((part) => Object.values(part ?? {}));
  }
  return false;
};

/** Bytes of a text in UTF-8: pure code has no encoder at hand. */
export const utf8Bytes = (text: string): number => {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
};
