import type { CostMeter } from '../cost-meter.ts';
import { JsonataFailure } from './failure.ts';
import type { Group, Node } from './nodes.ts';
import type { Run } from './run.ts';
import { Frame, isList, newObject, ownList, type Tuple, TupleStream, type Value, VALUE } from './values.ts';
import { append } from './walks.ts';

/** `{…}`: an object of the values that the items give, those of one key together. */

interface Gathered<T> {
  readonly pair: number;
  readonly items: T[];
}

const gather = <T>(group: Group, items: readonly T[], keyOf: (key: Node, item: T) => Value) => {
  const gathered = new Map<string, Gathered<T>>();
  for (const item of items) {
    for (const [pair, [keyNode]] of group.lhs.entries()) {
      const key = keyOf(keyNode, item);
      if (key === undefined) continue;
      if (typeof key !== 'string') throw new JsonataFailure('T1003', { value: key });
      const known = gathered.get(key);
      if (!known) gathered.set(key, { pair, items: [item] });
      else if (known.pair === pair) known.items.push(item);
      else throw new JsonataFailure('D1009', { value: key });
    }
  }
  return gathered;
};

/** Several items of one key stand for a list of them; those that are lists give their items. */
const together = (run: Run, items: readonly Value[]): Value => {
  if (items.length === 1) return items[0];
  const all: Value[] = [];
  for (const item of items) {
    if (isList(item)) append(all, item, run.meter);
    else all.push(item);
  }
  return ownList(all);
};

const objectOf = <T>(
  meter: CostMeter,
  group: Group,
  gathered: ReadonlyMap<string, Gathered<T>>,
  valueOf: (value: Node, items: readonly T[]) => Value,
): Value => {
  const object = newObject();
  meter.charge(2);
  for (const [key, { pair, items }] of gathered) {
    const node = group.lhs[pair]?.[1];
    const value = node && valueOf(node, items);
    if (value !== undefined) object[key] = value;
  }
  return object;
};

export const groupValues = (run: Run, group: Group, input: Value, frame: Frame): Value => {
  if (input instanceof TupleStream) return groupTuples(run, group, input.tuples, frame);
  // An empty input makes the object that is written.
  const items = isList(input) ? (input.length === 0 ? [undefined] : input) : [input];
  const gathered = gather(group, items, (key, item) => run.evaluate(key, item, frame));
  return objectOf(run.meter, group, gathered, (value, found) => run.evaluate(value, together(run, found), frame));
};

const merged = (run: Run, tuples: readonly Tuple[]): Tuple => {
  const names = new Set(tuples.flatMap((tuple) => [...tuple.keys()]));
  run.meter.charge(tuples.length);
  return new Map(
    [...names].map((name) => {
      const values = tuples.map((tuple) => tuple.get(name)).filter((value) => value !== undefined);
      return [name, together(run, values)];
    }),
  );
};

export const groupTuples = (run: Run, group: Group, tuples: readonly Tuple[], frame: Frame): Value => {
  const gathered = gather(group, tuples, (key, tuple) => run.evaluate(key, tuple.get(VALUE), new Frame(frame, tuple)));
  return objectOf(run.meter, group, gathered, (value, found) => {
    const tuple = merged(run, found);
    return run.evaluate(value, tuple.get(VALUE), new Frame(frame, tuple));
  });
};
