import { flawIn, type Json, readBack, type Refusal } from '@throughline/contracts';
import { refused } from './decider.ts';
import { jsonBytes } from './json-size.ts';
import type { Limits } from './limits.ts';

/** Levels that a body adds to the data in it; a replay verdict that quotes an event adds the most. */
const LEVELS_OF_BODY = 16;

export type MeasuredBody =
  /** `body` is what the log will say: with 0 where it came with -0. */
  | { readonly kind: 'fits'; readonly bytes: number; readonly body: Json }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Whether the log can hold a command's body: what it cannot hold must be refused, or it would be tried for ever. */
export const measureBody = (body: Json, limits: Limits): MeasuredBody => {
  // Before anything walks it to its end: text of a few kilobytes can be nested deeper than the stack reaches.
  const flaw = flawIn(body, limits.dataDepthMax + LEVELS_OF_BODY);
  if (flaw === 'too-deep') {
    return refused('TL0005', `the data is nested deeper than ${limits.dataDepthMax} levels`);
  }
  if (flaw === 'not-finite') return refused('TL0001', 'a number is too large for JSON to carry');
  const bytes = jsonBytes(body);
  return bytes > limits.bodyBytesMax
    ? refused('TL0005', `the command's body is larger than ${limits.bodyBytesMax} bytes`)
    : { kind: 'fits', bytes, body: flaw === undefined ? body : readBack(body) };
};
