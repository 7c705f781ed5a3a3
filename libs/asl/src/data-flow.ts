import { assertNever, type Json, type JsonObject } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import type { PassState, Path, State } from './machine.ts';
import { readPath } from './path/read-path.ts';
import { placeResult } from './result-path.ts';
import type { Scope } from './scope.ts';
import { fillTemplate } from './template.ts';

/**
 * What goes into a state and what comes out of it. Data that a state does not change comes back as the same reference,
 * so a caller can leave it out of what it writes.
 */

const NOTHING: JsonObject = Object.freeze({});

/** InputPath and OutputPath: null discards. */
const select = (path: Path | null, data: Json, scope: Scope): Evaluated => {
  if (path === null) return evaluatedTo(NOTHING);
  const read = readPath(path, data, scope);
  return read.found
    ? evaluatedTo(read.value)
    : failedWith('States.Runtime', `Invalid path '${path}' : ${read.problem}`);
};

/** The raw input after InputPath: what a state's own paths (`TimeoutSecondsPath`, `Variable`, …) read. */
export const selectedInput = (state: State, rawInput: Json, scope: Scope): Evaluated =>
  state.type === 'Fail' ? evaluatedTo(rawInput) : select(state.inputPath, rawInput, scope);

/** The raw input after InputPath and Parameters: what a task gets. */
export const effectiveInput = (state: State, rawInput: Json, scope: Scope): Evaluated => {
  const selected = selectedInput(state, rawInput, scope);
  if (!selected.ok || (state.type !== 'Pass' && state.type !== 'Task') || state.parameters === undefined) {
    return selected;
  }
  return fillTemplate(state.parameters, selected.value, scope);
};

/** What a Pass state gives as its result: its Result as written, else its effective input. */
export const passResult = (state: PassState, rawInput: Json, scope: Scope): Evaluated =>
  state.result === undefined ? effectiveInput(state, rawInput, scope) : evaluatedTo(state.result);

/** ResultSelector, ResultPath and OutputPath. For states without a result of their own, `result` is the effective input. */
export const stateOutput = (state: State, rawInput: Json, result: Json, scope: Scope): Evaluated => {
  switch (state.type) {
    case 'Pass':
      return placeAndSelect(state, rawInput, evaluatedTo(result), scope);
    case 'Task': {
      const selected =
        state.resultSelector === undefined ? evaluatedTo(result) : fillTemplate(state.resultSelector, result, scope);
      return placeAndSelect(state, rawInput, selected, scope);
    }
    case 'Choice':
    case 'Wait':
    case 'Succeed':
      return select(state.outputPath, result, scope);
    case 'Fail':
      return evaluatedTo(result);
    default:
      return assertNever(state);
  }
};

const placeAndSelect = (
  state: { readonly resultPath: Path | null; readonly outputPath: Path | null },
  rawInput: Json,
  result: Evaluated,
  scope: Scope,
): Evaluated => {
  if (!result.ok) return result;
  const placed = placeResult(state.resultPath, rawInput, result.value);
  return placed.ok ? select(state.outputPath, placed.value, scope) : placed;
};
