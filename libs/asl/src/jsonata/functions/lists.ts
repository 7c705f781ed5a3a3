import { chargeList, descend, drawn } from '../bounds.ts';
import { JsonataFailure } from '../failure.ts';
import { sorted, sortNatural } from '../order.ts';
import type { Run } from '../run.ts';
import {
  isFunction,
  isList,
  isObject,
  isSequence,
  type List,
  listOf,
  newObject,
  ownList,
  sequenceOf,
  type Value,
} from '../values.ts';
import { append as appendTo, canonicalKey, copyOf, lookUp, truth } from '../walks.ts';

/** Functions of lists and objects, and those that call functions on their parts. */

type Native = (args: readonly Value[], run: Run) => Value;

const numbersOf = (run: Run, list: Value): readonly number[] | undefined => {
  if (!isList(list)) return undefined;
  chargeList(run.meter, list.length);
  return list as readonly number[] & List; // the signature lets nothing else in
};
const sum: Native = ([list], run) => numbersOf(run, list)?.reduce((total, number) => total + number, 0);
const extreme =
  (better: (a: number, b: number) => number): Native =>
  ([list], run) => {
    const numbers = numbersOf(run, list);
    return numbers && numbers.length > 0 ? numbers.reduce(better) : undefined;
  };
const average: Native = (args, run) => {
  const numbers = numbersOf(run, args[0]);
  return numbers && numbers.length > 0
    ? numbers.reduce((total, number) => total + number, 0) / numbers.length
    : undefined;
};

/** A function is handed as many arguments as it takes. */
const callPart = (run: Run, called: Value, args: readonly Value[]): Value => {
  const arity = isFunction(called) ? called.arity : 0;
  return run.apply(called, args.slice(0, Math.max(1, arity)), undefined);
};

const map: Native = ([list, called], run) => {
  if (!isList(list)) return undefined;
  const results: Value[] = [];
  for (const [i, item] of list.entries()) {
    const result = callPart(run, called, [item, i, list]);
    if (result !== undefined) results.push(result);
  }
  return sequenceOf(results);
};

const filter: Native = ([list, called], run) => {
  if (!isList(list)) return undefined;
  return sequenceOf(list.filter((item, i) => truth(callPart(run, called, [item, i, list]), run.meter)));
};

const single: Native = ([list, called], run) => {
  if (!isList(list)) return undefined;
  const found: Value[] = [];
  for (const [i, item] of list.entries()) {
    run.meter.charge(0.25);
    if (called !== undefined && !truth(callPart(run, called, [item, i, list]), run.meter)) continue;
    if (found.length > 0) throw new JsonataFailure('D3138', { index: i });
    found.push(item);
  }
  if (found.length === 0) throw new JsonataFailure('D3139');
  return found[0];
};

const reduce: Native = ([list, called, init], run) => {
  if (!isList(list)) return undefined;
  const arity = isFunction(called) ? called.arity : 0;
  if (arity < 2) throw new JsonataFailure('D3050', { index: 1 });
  const isBare = init === undefined && list.length > 0;
  let result = isBare ? list[0] : init;
  for (const [i, item] of list.entries()) {
    if (i === 0 && isBare) continue;
    result = run.apply(called, [result, item, i, list].slice(0, Math.min(arity, 4)), undefined);
  }
  return result;
};

const each: Native = ([object, called], run) => {
  const results: Value[] = [];
  for (const [key, part] of isObject(object) ? Object.entries(object) : []) {
    const result = callPart(run, called, [part, key, object]);
    if (result !== undefined) results.push(result);
  }
  return sequenceOf(results);
};

const sift: Native = ([object, called], run) => {
  if (!isObject(object)) return undefined;
  const kept = Object.entries(object).filter(([key, part]) =>
    truth(callPart(run, called, [part, key, object]), run.meter),
  );
  return kept.length > 0 ? newObject(kept) : undefined;
};

const sort: Native = ([list, comparator], run) => {
  if (!isList(list) || list.length <= 1) return list;
  chargeList(run.meter, list.length);
  if (comparator === undefined) return sortNatural(run, list);
  return ownList([...sorted(run, list, (a, b) => truth(run.apply(comparator, [a, b], undefined), run.meter) ?? false)]);
};

const zip: Native = (lists, run) => {
  const columns = lists.map((list) => (isList(list) ? list : []));
  const length = Math.min(...columns.map((column) => column.length));
  chargeList(run.meter, length);
  run.meter.charge((length * columns.length) / 2);
  return ownList(Array.from({ length }, (_, i) => ownList(columns.map((column) => column[i]))));
};

const collectKeys = (run: Run, value: Value, into: Set<string>, depth: number): void => {
  descend(run.meter, depth);
  if (isList(value)) for (const part of value) collectKeys(run, part, into, depth + 1);
  else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      run.meter.charge(0.25);
      into.add(key);
    }
  }
};
const keys: Native = ([value], run) => {
  const found = new Set<string>();
  collectKeys(run, value, found, 0);
  // As keys of an object stand: those that are numbers first.
  return sequenceOf(Object.keys(newObject([...found].map((key) => [key, true] as const))));
};

const append: Native = ([first, second], run) => {
  if (first === undefined) return second;
  if (second === undefined) return first;
  const all: Value[] = [];
  appendTo(all, listOf(first), run.meter);
  appendTo(all, listOf(second), run.meter);
  chargeList(run.meter, all.length);
  return ownList(all);
};

const spreadInto = (run: Run, value: Value, into: Value[], depth: number): void => {
  descend(run.meter, depth);
  if (isList(value)) for (const part of value) spreadInto(run, part, into, depth + 1);
  else if (isObject(value)) {
    for (const entry of Object.entries(value)) {
      run.meter.charge(2);
      into.push(newObject([entry]));
    }
  } else if (value !== undefined) into.push(value);
};
const spread: Native = ([value], run) => {
  if (!isList(value) && !isObject(value)) return value;
  const parts: Value[] = [];
  spreadInto(run, value, parts, 0);
  return isList(value) && value.length > 0 ? ownList(parts) : sequenceOf(parts);
};

const merge: Native = ([list], run) => {
  if (!isList(list)) return undefined;
  const merged = newObject();
  for (const part of list) {
    run.meter.charge(1);
    for (const [key, value] of isObject(part) ? Object.entries(part) : []) {
      run.meter.charge(0.5);
      merged[key] = value;
    }
  }
  return merged;
};

const reverse: Native = ([list], run) => {
  if (!isList(list) || list.length <= 1) return list;
  chargeList(run.meter, list.length);
  return ownList([...list].reverse());
};

const shuffle: Native = ([list], run) => {
  if (!isList(list) || list.length <= 1) return list;
  run.meter.charge(list.length);
  const items = [...list];
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(drawn(run) * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return ownList(items);
};

const distinct: Native = ([list], run) => {
  if (!isList(list) || list.length <= 1) return list;
  const seen = new Set<string>();
  const functions = new Map<Value, number>();
  const found = list.filter((item) => {
    const key = canonicalKey(item, functions, run.meter);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return isSequence(list) ? sequenceOf(found) : ownList(found);
};

const type: Native = ([value]) => {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  return isFunction(value) ? 'function' : typeof value;
};

const error: Native = ([message]) => {
  throw new JsonataFailure('D3137', { message: message || '$error() function evaluated' });
};
const assert: Native = ([condition, message]) => {
  if (condition) return undefined;
  throw new JsonataFailure('D3141', { message: message || '$assert() statement failed' });
};

export const LIST_FUNCTIONS: Readonly<Record<string, Native>> = {
  append,
  assert,
  average,
  boolean: ([value], run) => truth(value, run.meter),
  clone: ([value], run) => (value === undefined ? undefined : copyOf(value, new Set(), run.meter)),
  count: ([list]) => (isList(list) ? list.length : 0),
  distinct,
  each,
  error,
  exists: ([value]) => value !== undefined,
  filter,
  keys,
  lookup: ([value, key], run) => (typeof key === 'string' ? lookUp(value, key, run.meter) : undefined),
  map,
  max: extreme((a, b) => Math.max(a, b)),
  merge,
  min: extreme((a, b) => Math.min(a, b)),
  not: ([value], run) => (value === undefined ? undefined : !truth(value, run.meter)),
  reduce,
  reverse,
  shuffle,
  sift,
  single,
  sort,
  spread,
  sum,
  type,
  zip,
};
