import type { CostMeter } from '../cost-meter.ts';
import { chargeGrowth, chargeText, checkTextLength, descend } from './bounds.ts';
import { JsonataFailure } from './failure.ts';
import {
  isFunction,
  isList,
  isObject,
  type List,
  newObject,
  type OwnObject,
  ownList,
  type Value,
  valueAt,
} from './values.ts';

/** Walks over whole values: equality, truth, text, copies. All are charged, for a value may share its parts many times. */

export const equal = (left: Value, right: Value, meter: CostMeter, depth = 0): boolean => {
  descend(meter, depth);
  if (left === right) return true;
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((part, i) => equal(part, right[i], meter, depth + 1));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], meter, depth + 1))
  );
};

/** What counts as true; undefined for nothing. A list is true where one of its items is. */
export const truth = (value: Value, meter: CostMeter, depth = 0): boolean | undefined => {
  if (value === undefined || typeof value === 'boolean') return value;
  if (isList(value)) {
    descend(meter, depth);
    return value.some((part) => truth(part, meter, depth + 1) === true);
  }
  if (isObject(value)) return Object.keys(value).length > 0;
  return !isFunction(value) && Boolean(value);
};

const isFinite = (value: number): boolean => Number.isFinite(value);

export const numberOutOfRange = (value: number): JsonataFailure => new JsonataFailure('D1001', { value: `${value}` });

/** Whether a value is a number that can be reckoned with. */
export const isNumber = (value: Value): value is number => {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (!isFinite(value)) throw numberOutOfRange(value);
  return true;
};

/** How long the text of a value will be at most. Throws where that is more than a value may hold. */
const measure = (value: Value, meter: CostMeter, indent: number, depth = 0): number => {
  descend(meter, depth);
  if (typeof value === 'string') {
    chargeText(meter, value.length);
    return value.length + 2;
  }
  if (typeof value !== 'object' || value === null) {
    // Writing a number with 15 digits takes several times as long as looking at it.
    meter.charge(1.5);
    return 24;
  }
  let length = 2;
  const add = (part: Value, extra: number): void => {
    length += measure(part, meter, indent, depth + 1) + extra + 2 + indent * (depth + 1);
    checkTextLength(length);
  };
  if (isList(value)) for (const part of value) add(part, 0);
  else if (isObject(value)) for (const [key, part] of Object.entries(value)) add(part, key.length + 4);
  return length;
};

/** As JSON has it, but numbers with 15 digits and functions as empty texts. */
const jsonPart = (_: string, part: Value): Value => {
  if (typeof part === 'number') return isNumber(part) ? Number(part.toPrecision(15)) : part;
  return isFunction(part) ? '' : part;
};

/** What `$string` makes of a value. */
export const textOf = (value: Exclude<Value, undefined>, meter: CostMeter, pretty = false): string => {
  if (typeof value === 'string') return value;
  if (isFunction(value)) return '';
  if (typeof value === 'number') {
    if (!isFinite(value)) throw new JsonataFailure('D3001', { value });
    return `${Number(value.toPrecision(15))}`;
  }
  measure(value, meter, pretty ? 2 : 0);
  return JSON.stringify(value, jsonPart, pretty ? 2 : 0);
};

/** A text that is the same for equal values. Functions are equal to none but themselves. */
export const canonicalKey = (value: Value, functions: Map<Value, number>, meter: CostMeter, depth = 0): string => {
  descend(meter, depth);
  meter.charge(1);
  if (typeof value === 'string') chargeText(meter, value.length);
  if (isList(value)) return `[${value.map((part) => canonicalKey(part, functions, meter, depth + 1)).join(',')}]`;
  if (isObject(value)) {
    const parts = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalKey(value[key], functions, meter, depth + 1)}`);
    return `{${parts.join(',')}}`;
  }
  if (!isFunction(value)) return value === undefined ? 'undefined' : JSON.stringify(value);
  const known = functions.get(value) ?? functions.size;
  functions.set(value, known);
  return `function ${known}`;
};

/** A copy that may be written to. What is copied is noted in `copies`. */
export const copyOf = (value: Value, copies: Set<Value>, meter: CostMeter, depth = 0): Value => {
  descend(meter, depth);
  if (isFunction(value)) return '';
  if (isList(value)) return ownList(value.map((part) => copyOf(part, copies, meter, depth + 1)));
  if (!isObject(value)) return value;
  meter.charge(1);
  const copy: OwnObject = newObject();
  for (const [key, part] of Object.entries(value)) copy[key] = copyOf(part, copies, meter, depth + 1);
  copies.add(copy);
  return copy;
};

/** The value of a key, of an object or of all objects of a list, at any depth of lists. */
export const lookUp = (input: Value, key: string, meter: CostMeter, depth = 0): Value => {
  if (isObject(input)) return valueAt(input, key);
  if (!isList(input)) return undefined;
  descend(meter, depth);
  const found: Value[] = [];
  for (const part of input) {
    meter.charge(0.25);
    const value = lookUp(part, key, meter, depth + 1);
    if (isList(value)) append(found, value, meter);
    else if (value !== undefined) found.push(value);
  }
  return Object.assign(found, { sequence: true });
};

/** Pushes without spreading: arguments live on the stack. */
export const append = (target: Value[], values: List, meter: CostMeter): void => {
  chargeGrowth(meter, target.length + values.length, values.length);
  for (const value of values) target.push(value);
};

/** All that is not a list, at any depth of lists. */
export const flatten = (value: Value, into: Value[], meter: CostMeter, depth = 0): void => {
  descend(meter, depth);
  if (isList(value)) for (const part of value) flatten(part, into, meter, depth + 1);
  else {
    chargeGrowth(meter, into.length, 1);
    into.push(value);
  }
};

/** The value and all within it; lists give their items. */
export const descendants = (value: Value, into: Value[], meter: CostMeter, depth = 0): void => {
  descend(meter, depth);
  if (isList(value)) for (const part of value) descendants(part, into, meter, depth + 1);
  else {
    chargeGrowth(meter, into.length, 1);
    into.push(value);
    if (isObject(value)) for (const part of Object.values(value)) descendants(part, into, meter, depth + 1);
  }
};
