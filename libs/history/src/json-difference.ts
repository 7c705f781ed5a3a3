import { isJsonObject, type Json } from '@throughline/contracts';

export interface JsonDifference {
  /** RFC 6901. */
  readonly pointer: string;
  readonly expected: Json;
  readonly actual: Json;
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const childrenOf = (value: Json): Readonly<Record<string, Json>> | undefined => {
  if (Array.isArray(value)) return Object.fromEntries(value.map((item: Json, i) => [String(i), item]));
  return isJsonObject(value) ? value : undefined;
};

/** Where two values first differ, in the expected one's order. A key that one of them lacks shows as null there. */
export const firstDifference = (expected: Json, actual: Json, pointer = ''): JsonDifference | undefined => {
  const left = childrenOf(expected);
  const right = childrenOf(actual);
  if (!left || !right || Array.isArray(expected) !== Array.isArray(actual)) {
    return Object.is(expected, actual) ? undefined : { pointer, expected, actual };
  }
  for (const [key, value] of Object.entries(left)) {
    const at = `${pointer}/${escaped(key)}`;
    const other = Object.hasOwn(right, key) ? right[key] : undefined;
    if (other === undefined) return { pointer: at, expected: value, actual: null };
    const difference = firstDifference(value, other, at);
    if (difference) return difference;
  }
  const extra = Object.entries(right).find(([key]) => !Object.hasOwn(left, key));
  if (extra) return { pointer: `${pointer}/${escaped(extra[0])}`, expected: null, actual: extra[1] };
  // Equal values whose keys stand in another order: the bytes differ all the same.
  return JSON.stringify(expected) === JSON.stringify(actual) ? undefined : { pointer, expected, actual };
};
