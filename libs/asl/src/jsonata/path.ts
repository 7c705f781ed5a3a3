import { chargeList } from './bounds.ts';
import { groupTuples, groupValues } from './group.ts';
import type { Node, PathNode, SortNode, Stage } from './nodes.ts';
import { orderBy } from './order.ts';
import type { Run } from './run.ts';
import {
  Frame,
  isList,
  isObject,
  isSequence,
  type List,
  ownList,
  sequenceOf,
  type Tuple,
  TupleStream,
  type Value,
  VALUE,
} from './values.ts';
import { append, descendants, flatten, isNumber, truth } from './walks.ts';

/** Paths: steps over sequences, with filters, and with rows of bindings where a step names what it passes. */

export const frameOf = (tuple: Tuple, outer: Frame): Frame => new Frame(outer, tuple);

/** The items that a predicate picks: by index where it gives numbers, else where it holds. */
const picked = <T>(run: Run, items: readonly T[], test: (item: T) => Value): T[] => {
  const result: T[] = [];
  const { length } = items;
  const isAt = (number: number, i: number): boolean => {
    const index = Math.floor(number);
    return (index < 0 ? length + index : index) === i;
  };
  for (const [i, item] of items.entries()) {
    const tested = test(item);
    const numbers = isNumber(tested) ? [tested] : isList(tested) ? tested : undefined;
    if (numbers) chargeList(run.meter, numbers.length);
    if (numbers?.every(isNumber)) {
      // `every` narrows no interface that extends an array.
      for (const number of numbers as readonly number[]) if (isAt(number, i)) result.push(item);
    } else if (truth(tested, run.meter)) result.push(item);
  }
  return result;
};

/** A literal index is looked up, not tested item by item. */
const literalIndex = (predicate: Node): number | undefined =>
  predicate.type === 'number' ? Math.floor(Number(predicate.value)) : undefined;

const filterTuples = (run: Run, predicate: Node, tuples: readonly Tuple[], frame: Frame): Tuple[] => {
  const index = literalIndex(predicate);
  if (index !== undefined) {
    const tuple = tuples.at(index);
    return tuple ? [tuple] : [];
  }
  return picked(run, tuples, (tuple) => run.evaluate(predicate, tuple.get(VALUE), frameOf(tuple, frame)));
};

export const filterBy = (run: Run, predicate: Node, input: Value, frame: Frame): Value => {
  if (input instanceof TupleStream) return new TupleStream(filterTuples(run, predicate, input.tuples, frame));
  const items: List = isList(input) ? input : [input];
  const index = literalIndex(predicate);
  if (index === undefined) {
    return sequenceOf(picked(run, items, (item) => run.evaluate(predicate, item, frame)));
  }
  const item = items.at(index);
  if (isList(item)) return item;
  return sequenceOf(item === undefined ? [] : [item]);
};

const filterAll = (run: Run, stages: readonly Stage[] | undefined, input: Value, frame: Frame): Value => {
  let result = input;
  for (const stage of stages ?? []) if (stage.type === 'filter') result = filterBy(run, stage.expr, result, frame);
  return result;
};

const stageTuples = (run: Run, stages: readonly Stage[] | undefined, tuples: Tuple[], frame: Frame): Tuple[] => {
  let result = tuples;
  for (const stage of stages ?? []) {
    if (stage.type === 'filter') result = filterTuples(run, stage.expr, result, frame);
    else for (const [i, tuple] of result.entries()) tuple.set(stage.value, i);
  }
  return result;
};

const sortValues = (run: Run, step: SortNode, items: List, frame: Frame): Value => {
  if (items.length <= 1) return items;
  return orderBy(run, step, [...items], (item) => ({ context: item, frame }));
};
const sortTuples = (run: Run, step: SortNode, tuples: Tuple[], frame: Frame): Tuple[] =>
  orderBy(run, step, tuples, (tuple) => ({ context: tuple.get(VALUE), frame: frameOf(tuple, frame) }));

const stepOver = (run: Run, step: Node, input: List, frame: Frame, isLast: boolean): Value => {
  if (step.type === 'sort') return filterAll(run, step.stages, sortValues(run, step, input, frame), frame);
  const results: Value[] = [];
  for (const item of input) {
    const result = filterAll(run, step.stages, run.evaluate(step, item, frame), frame);
    if (result !== undefined) results.push(result);
  }
  const [first] = results;
  if (isLast && results.length === 1 && isList(first) && !isSequence(first)) return first;
  return flattened(run, results);
};

const flattened = (run: Run, results: List): Value => {
  const all: Value[] = [];
  for (const result of results) {
    if (!isList(result) || result.cons) all.push(result);
    else append(all, result, run.meter);
  }
  chargeList(run.meter, all.length);
  return sequenceOf(all);
};

/** What a step makes of one row: a row for each value, with the names that the step gives. */
const rowsOf = (step: Node, row: Tuple, result: Value): Tuple[] => {
  if (result instanceof TupleStream) return result.tuples.map((tuple) => new Map([...row, ...tuple]));
  return (isList(result) ? result : [result]).map((value, i) => {
    const next = new Map(row);
    if (step.focus !== undefined) next.set(step.focus, value);
    else next.set(VALUE, value);
    if (step.index !== undefined) next.set(step.index, i);
    if (step.ancestor) next.set(step.ancestor.label, row.get(VALUE));
    return next;
  });
};

const stepOverTuples = (run: Run, step: Node, input: List, tuples: Tuple[] | undefined, frame: Frame): Tuple[] => {
  const rows = tuples ?? input.map((item): Tuple => new Map([[VALUE, item]]));
  if (step.type === 'sort') {
    const sorted = sortTuples(run, step, rows, frame);
    if (!tuples && step.index !== undefined) for (const [i, tuple] of sorted.entries()) tuple.set(step.index, i);
    return stageTuples(run, step.stages, sorted, frame);
  }
  const results: Tuple[] = [];
  for (const row of rows) {
    const result = run.evaluate(step, row.get(VALUE), frameOf(row, frame));
    if (result === undefined) continue;
    for (const next of rowsOf(step, row, result)) {
      run.meter.charge(2 + next.size / 4);
      results.push(next);
    }
  }
  chargeList(run.meter, results.length);
  return stageTuples(run, step.stages, results, frame);
};

const kept = (result: Value): Value => {
  if (isList(result) && result.cons && !result.sequence)
    return Object.assign(sequenceOf([result]), { keepSingleton: true });
  if (isSequence(result)) result.keepSingleton = true;
  return result;
};

/** What a first step that stands for itself hands on: a text its characters, as JSONata has it. */
const itemsOf = (result: Value): List => {
  if (isList(result)) return result;
  return typeof result === 'string' ? [...result] : sequenceOf([]);
};

export const evaluatePath = (run: Run, node: PathNode, input: Value, frame: Frame): Value => {
  const { steps } = node;
  let current: List = isList(input) && steps[0]?.type !== 'variable' ? input : sequenceOf([input]);
  let tuples: Tuple[] | undefined;
  let result: Value;
  for (const [i, step] of steps.entries()) {
    if (i === 0 && step.consarray) result = run.evaluate(step, current, frame);
    else if (tuples || step.tuple) tuples = stepOverTuples(run, step, current, tuples, frame);
    else result = stepOver(run, step, current, frame, i === steps.length - 1);
    if (!tuples && (result === undefined || (isList(result) && result.length === 0))) break;
    if (step.focus === undefined) current = itemsOf(result);
  }
  if (tuples && !node.tuple) result = sequenceOf(tuples.map((tuple) => tuple.get(VALUE)));
  else if (tuples) result = new TupleStream(tuples);
  if (node.keepSingletonArray) result = kept(result);
  if (!node.group) return result;
  return tuples ? groupTuples(run, node.group, tuples, frame) : groupValues(run, node.group, result, frame);
};

export const wildcard = (run: Run, input: Value): Value => {
  const found: Value[] = [];
  const parts = isList(input) ? input : isObject(input) ? Object.values(input) : [];
  for (const part of parts) {
    run.meter.charge(0.25);
    if (isList(part)) flatten(part, found, run.meter);
    else found.push(part);
  }
  chargeList(run.meter, found.length);
  // Lists among the parts make a list that does not collapse.
  return parts.some(isList) ? ownList(found) : sequenceOf(found);
};

export const allWithin = (run: Run, input: Value): Value => {
  if (input === undefined) return undefined;
  const found: Value[] = [];
  descendants(input, found, run.meter);
  chargeList(run.meter, found.length);
  return found.length === 1 ? found[0] : sequenceOf(found);
};
