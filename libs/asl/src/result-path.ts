import { isJsonObject, type Json } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import type { Path } from './machine.ts';
import type { Step } from './path/compiled-path.ts';
import { compiledPath } from './path/read-path.ts';

const noPlace = (step: Step, input: Json): Evaluated =>
  failedWith(
    'States.ResultPathMatchFailure',
    `Unable to apply step ${JSON.stringify(step)} to input ${JSON.stringify(input)}`,
  );

/** Copies only what lies on the way; objects that are missing on it are made, array elements are not. */
const placeAt = (input: Json | undefined, steps: readonly Step[], result: Json): Evaluated => {
  const [step, ...rest] = steps;
  if (step === undefined) return evaluatedTo(result);
  const container = input === undefined && typeof step === 'string' ? {} : (input ?? null);
  if (typeof step === 'number') {
    if (!Array.isArray(container) || step >= container.length) return noPlace(step, container);
    const items = container as readonly Json[];
    const placed = placeAt(items[step], rest, result);
    return !placed.ok || placed.value === items[step]
      ? keep(placed, items)
      : evaluatedTo(items.with(step, placed.value));
  }
  if (!isJsonObject(container)) return noPlace(step, container);
  const present = Object.hasOwn(container, step) ? container[step] : undefined;
  const placed = placeAt(present, rest, result);
  return !placed.ok || placed.value === present
    ? keep(placed, container)
    : evaluatedTo({ ...container, [step]: placed.value });
};

const keep = (placed: Evaluated, container: Json): Evaluated => (placed.ok ? evaluatedTo(container) : placed);

/** ResultPath: the raw input with the result at its place; the result alone for `$`, the raw input alone for null. */
export const placeResult = (path: Path | null, rawInput: Json, result: Json): Evaluated => {
  if (path === null) return evaluatedTo(rawInput);
  const { steps } = compiledPath(path);
  if (!steps) throw new Error(`a ResultPath that was not validated: ${path}`);
  return placeAt(rawInput, steps, result);
};
