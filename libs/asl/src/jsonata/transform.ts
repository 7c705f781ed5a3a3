import { JsonataFailure } from './failure.ts';
import type { TransformNode } from './nodes.ts';
import type { Run } from './run.ts';
import { type Frame, isFunction, isList, isObject, listOf, type OwnObject, type Value } from './values.ts';
import { copyOf } from './walks.ts';

/** `| pattern | update, delete |`: a copy in which what the pattern finds is changed. Nothing but the copy is written to. */
export const transformed = (run: Run, node: TransformNode, input: Value, frame: Frame): Value => {
  if (input === undefined) return undefined;
  const copies = new Set<Value>();
  const copy = copyOf(input, copies, run.meter);
  const matches = run.evaluate(node.pattern, copy, frame);
  if (matches === undefined) return copy;
  for (const match of listOf(matches)) {
    run.meter.charge(1);
    const changes = changesOf(run, node, match, frame);
    // The copy's objects are this function's own.
    if (copies.has(match)) change(match as OwnObject, changes);
  }
  return copy;
};

interface Changes {
  readonly update: Value;
  readonly deleted: readonly string[];
}

const changesOf = (run: Run, node: TransformNode, match: Value, frame: Frame): Changes => {
  const update = run.evaluate(node.update, match, frame);
  if (update !== undefined && (!isObject(update) || isFunction(update)))
    throw new JsonataFailure('T2011', { value: update });
  const deletions = node.delete && run.evaluate(node.delete, match, frame);
  const deleted = deletions === undefined ? [] : listOf(deletions);
  if (!deleted.every((name) => typeof name === 'string')) throw new JsonataFailure('T2012', { value: deletions });
  return { update, deleted: deleted as readonly string[] }; // `every` narrows no interface that extends an array
};

const change = (target: OwnObject, { update, deleted }: Changes): void => {
  if (isObject(update) && !isList(update)) for (const [key, value] of Object.entries(update)) target[key] = value;
  for (const name of deleted) delete target[name];
};
