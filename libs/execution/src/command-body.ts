import { isDeeperThan, type Json, type Refusal } from '@throughline/contracts';
import { refused } from './decider.ts';
import { payloadBytes } from './json-size.ts';
import type { Limits } from './limits.ts';

/** Levels that a body adds to the data in it; a replay verdict that quotes an event adds the most. */
const LEVELS_OF_BODY = 16;

export type MeasuredBody =
  { readonly kind: 'fits'; readonly bytes: number } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Whether the log can hold a command's body: what it cannot hold must be refused, or it would be tried for ever. */
export const measureBody = (body: Json, limits: Limits): MeasuredBody => {
  // Before anything walks it to its end: text of a few kilobytes can be nested deeper than the stack reaches.
  if (isDeeperThan(body, limits.dataDepthMax + LEVELS_OF_BODY)) {
    return refused('TL0005', `the data is nested deeper than ${limits.dataDepthMax} levels`);
  }
  const bytes = payloadBytes(body);
  if (bytes === undefined) return refused('TL0001', 'a number is too large for JSON to carry');
  return bytes > limits.bodyBytesMax
    ? refused('TL0005', `the command's body is larger than ${limits.bodyBytesMax} bytes`)
    : { kind: 'fits', bytes };
};
