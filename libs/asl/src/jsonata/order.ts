import { JsonataFailure } from './failure.ts';
import type { SortNode } from './nodes.ts';
import type { Run } from './run.ts';
import { type Frame, type OwnList, ownList, type Value } from './values.ts';

/** Sorting that keeps the order of equals. `goesAfter` says whether the first has to come after the second. */
export const sorted = <T>(run: Run, items: readonly T[], goesAfter: (left: T, right: T) => boolean): readonly T[] => {
  if (items.length <= 1) return items;
  run.meter.charge(items.length / 8);
  const middle = Math.floor(items.length / 2);
  const [left, right] = [items.slice(0, middle), items.slice(middle)].map((half) => sorted(run, half, goesAfter));
  const into: T[] = [];
  merge(left ?? [], right ?? [], into, goesAfter);
  return into;
};

const merge = <T>(left: readonly T[], right: readonly T[], into: T[], goesAfter: (l: T, r: T) => boolean): void => {
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    // Both are there: the casts say what the bounds have tested.
    if (goesAfter(left[l] as T, right[r] as T)) into.push(right[r++] as T);
    else into.push(left[l++] as T);
  }
  while (l < left.length) into.push(left[l++] as T);
  while (r < right.length) into.push(right[r++] as T);
};

interface Placed {
  readonly context: Value;
  readonly frame: Frame;
}

/** What sorts behind anything else: nothing. */
const compare = (left: Value, right: Value): -1 | 0 | 1 => {
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined) return -1;
  for (const value of [left, right]) {
    if (typeof value !== 'string' && typeof value !== 'number') throw new JsonataFailure('T2008', { value });
  }
  if (typeof left !== typeof right) throw new JsonataFailure('T2007', { value: left, value2: right });
  // Both are numbers or both are texts.
  const [a, b] = [left as string, right as string];
  return a === b ? 0 : a < b ? -1 : 1;
};

const goesAfterBy =
  <T>(run: Run, { terms }: SortNode, place: (item: T) => Placed) =>
  (left: T, right: T): boolean => {
    const [l, r] = [place(left), place(right)];
    for (const { expression, descending } of terms) {
      const [a, b] = [run.evaluate(expression, l.context, l.frame), run.evaluate(expression, r.context, r.frame)];
      const order = compare(a, b);
      if (order === 0) continue;
      const isReversed = descending && a !== undefined && b !== undefined;
      return isReversed ? order === -1 : order === 1;
    }
    return false;
  };

/** `^(…)` */
export const orderBy = <T>(run: Run, step: SortNode, items: readonly T[], place: (item: T) => Placed): T[] => [
  ...sorted(run, items, goesAfterBy(run, step, place)),
];

const followsNaturally = (left: Value, right: Value): boolean => {
  if (typeof left === 'number' && typeof right === 'number') return left > right;
  return typeof left === 'string' && typeof right === 'string' && left > right;
};

/** `$sort` without a comparator. */
export const sortNatural = (run: Run, items: readonly Value[]): OwnList => {
  const kind = typeof items[0];
  if ((kind !== 'number' && kind !== 'string') || items.some((item) => typeof item !== kind)) {
    throw new JsonataFailure('D3070', { index: 1 });
  }
  return ownList([...sorted(run, items, followsNaturally)]);
};
