import type { CostMeter } from '../cost-meter.ts';
import type { Scope } from '../scope.ts';
import { BoundReached } from './failure.ts';

/**
 * Where AWS stops, and with which sentence, as others have measured on it (ADR 0010). Time is the one that differs:
 * a replay has to stop at the same point, so work is counted (`cost-meter.ts`).
 */
export const DEPTH_MAX = 100;
const LIST_LENGTH_MAX = 873_782;
const TEXT_LENGTH_MAX = 6_990_256;
export const RANGE_FUNCTION_LENGTH_MAX = 360_145;
/** Values nested deeper than this are not walked: state data may be nested 256 deep. */
const VALUE_DEPTH_MAX = 512;

export const tooDeep = (): BoundReached =>
  new BoundReached(
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
  );
export const memoryExceeded = (): BoundReached =>
  new BoundReached('Expression evaluation memory limit exceeded: Check for excessive memory usage');
export const TIMEOUT = 'Expression evaluation timeout: Check for infinite loop';

/** Items of a list and characters of a text that are copied or scanned for one unit of cost. */
const ITEMS_PER_UNIT = 16;
const CHARACTERS_PER_UNIT = 64;

export const chargeList = (meter: CostMeter, length: number): void => {
  if (length > LIST_LENGTH_MAX) throw memoryExceeded();
  meter.charge(length / ITEMS_PER_UNIT);
};
/** For a list that grows item by item. */
export const chargeGrowth = (meter: CostMeter, length: number, added: number): void => {
  if (length > LIST_LENGTH_MAX) throw memoryExceeded();
  meter.charge(added / 16);
};
export const checkTextLength = (length: number): void => {
  if (length > TEXT_LENGTH_MAX) throw memoryExceeded();
};
export const chargeText = (meter: CostMeter, length: number): void => {
  checkTextLength(length);
  meter.charge(length / CHARACTERS_PER_UNIT);
};

/** A hash makes each number that is drawn: several microseconds. */
const DRAW_COST = 16;
export const drawn = ({ meter, scope }: { readonly meter: CostMeter; readonly scope: Scope }): number => {
  meter.charge(DRAW_COST);
  return scope.random01();
};

/** One more level of a walk over a value. Values that share parts are trees to a walk: each visit costs. */
export const descend = (meter: CostMeter, depth: number): void => {
  meter.charge(0.5);
  if (depth > VALUE_DEPTH_MAX) throw tooDeep();
};
