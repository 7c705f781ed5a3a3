import type { Evaluated, ItemBatches } from '@throughline/asl';
import { STATE_DATA_BYTES_MAX, type Json } from '@throughline/contracts';
import { jsonBytesWithin } from '../json-size.ts';

/** Brackets, the field's name and a comma between items. */
const FRAME_BYTES = 12;

/** What is larger than state data may be fails as such when it is written. */
const bytesOf = (value: Json): number => jsonBytesWithin(value, STATE_DATA_BYTES_MAX) ?? Infinity;

/** The next items as one iteration's input, `{ Items, BatchInput }`: as many as the bounds allow, and always one. */
export const takeBatch = (
  { maxItems, maxBytes, batchInput }: ItemBatches,
  from: number,
  itemAt: (index: number) => Json | undefined,
  inputOf: (item: Json, index: number) => Evaluated,
): Evaluated<{ readonly input: Json; readonly items: number }> => {
  const items: Json[] = [];
  let bytes = FRAME_BYTES + (batchInput === undefined ? 0 : bytesOf(batchInput));
  for (let item = itemAt(from); item !== undefined; item = itemAt(from + items.length)) {
    if (maxItems !== undefined && items.length === maxItems) break;
    const input = inputOf(item, from + items.length);
    if (!input.ok) return input;
    if (maxBytes !== undefined) {
      bytes += bytesOf(input.value) + 1;
      if (items.length > 0 && bytes > maxBytes) break;
    }
    items.push(input.value);
  }
  const input: Json = batchInput === undefined ? { Items: items } : { BatchInput: batchInput, Items: items };
  return { ok: true, value: { input, items: items.length } };
};
