import { type Json, type JsonPatch, readBack } from '@throughline/contracts';
import { canonicalHash, jsonBytesWithin } from '@throughline/execution';
import { applyPatch, createPatch, type Operation, type Pointer } from 'rfc6902';

/**
 * RFC 6902, by the library `rfc6902`. Two things are ours: lists are compared from both ends, because the library's
 * shortest way takes the square of their lengths; and names that every object inherits are refused, because the library
 * does not tell those from a document's own.
 */

/** What turns one value into the other. Equal values, whatever the order of their keys, give an empty patch. */
export const diffJson = (from: Json, to: Json): JsonPatch => createPatch(from, to, diffOfLists) as JsonPatch; // JSON in, JSON out

const diffOfLists = (from: unknown, to: unknown, at: Pointer): Operation[] | undefined => {
  if (!Array.isArray(from) || !Array.isArray(to)) return undefined;
  const [before, after] = [from as readonly Json[], to as readonly Json[]]; // they stand in JSON
  const path = (index: number): string => at.add(String(index)).toString();
  const start = alike(before, after);
  const end = alike(before.slice(start).reverse(), after.slice(start).reverse());
  const [gone, come] = [before.length - start - end, after.length - start - end];
  const operations: Operation[] = [];
  for (let i = start; i < start + Math.min(gone, come); i += 1) {
    for (const operation of createPatch(before[i], after[i], diffOfLists)) {
      operations.push({ ...operation, path: `${path(i)}${operation.path}` });
    }
  }
  for (let i = start + gone - 1; i >= start + come; i -= 1) operations.push({ op: 'remove', path: path(i) });
  for (let i = start + gone; i < start + come; i += 1) operations.push({ op: 'add', path: path(i), value: after[i] });
  return operations;
};

/** How many values the lists have in common before they first differ. */
const alike = (a: readonly Json[], b: readonly Json[]): number => {
  const most = Math.min(a.length, b.length);
  // By their canonical form: comparing them by patches would take three times as long with each level.
  for (let i = 0; i < most; i += 1) if (canonicalHash(a[i] ?? null) !== canonicalHash(b[i] ?? null)) return i;
  return most;
};

export type Patched =
  | { readonly ok: true; readonly value: Json }
  /** `operation` is the index of the first one that does not apply. */
  | { readonly ok: false; readonly operation: number; readonly problem: string };

/** A copy of the whole into a part of it doubles what there is. */
const PATCHED_BYTES_MAX = 4_000_000;

/** The value after all operations, or none of them: the one given is left as it is. */
export const patchJson = (value: Json, patch: JsonPatch, bytesMax = PATCHED_BYTES_MAX): Patched => {
  // One level down, so that the whole value can be replaced too.
  const document: { value: Json } = { value: readBack(value) };
  for (const [index, operation] of patch.entries()) {
    const problem = inherited(operation) ?? applied(document, operation);
    if (problem !== undefined) return { ok: false, operation: index, problem: `${operation.op}: ${problem}` };
    if (operation.op === 'copy' && jsonBytesWithin(document.value, bytesMax) === undefined) {
      return { ok: false, operation: index, problem: `copy: the value has more than ${bytesMax} bytes then` };
    }
    if (!Object.hasOwn(document, 'value'))
      return { ok: false, operation: index, problem: 'it removes the whole value' };
  }
  return { ok: true, value: document.value };
};

const inherited = (operation: JsonPatch[number]): string | undefined => {
  const pointers = 'from' in operation ? [operation.from, operation.path] : [operation.path];
  const name = pointers.flatMap((pointer) => pointer.split('/')).find((part) => part === 'prototype' || part in {});
  return name === undefined ? undefined : `a patch cannot name '${name}'`;
};

const applied = (document: object, operation: JsonPatch[number]): string | undefined => {
  const below = { ...operation, path: `/value${operation.path}` };
  const moved = 'from' in operation ? { ...below, from: `/value${operation.from}` } : below;
  // The same operation one level down, with a value of its own.
  const [error] = applyPatch(document, [readBack(moved as Json) as unknown as Operation]);
  if (!error) return undefined;
  const place = operation.path === '' ? 'the whole value' : operation.path;
  return error.name === 'TestError' ? `${place} has another value` : `${place} is not there`;
};
