import { assertNever, type Json, type JsonObject } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import { jsonataValue, type StatesData } from './jsonata-fields.ts';
import type { Catcher, DataFlow, FailState, JsonPathFlow, PassState, Path, State, Template } from './machine.ts';
import { readPath } from './path/read-path.ts';
import { placeResult } from './result-path.ts';
import type { Scope } from './scope.ts';
import { fillTemplate } from './template.ts';

/**
 * What goes into a state and what comes out of it. Data that a state does not change comes back as the same reference,
 * so a caller can leave it out of what it writes. Output and Assign of one state are evaluated on the same variables:
 * what a state assigns is seen by the next one.
 */

const NOTHING: JsonObject = Object.freeze({});

/** What leaves a state. */
export interface Exit {
  readonly output: Json;
  /** The variables that this exit assigns, and no others. */
  readonly assigned?: JsonObject;
}

type FlowingState = Exclude<State, FailState>;

/** InputPath and OutputPath: null discards. */
export const selectAt = (path: Path | null, data: Json, scope: Scope): Evaluated => {
  if (path === null) return evaluatedTo(NOTHING);
  const read = readPath(path, data, scope);
  return read.found
    ? evaluatedTo(read.value)
    : failedWith('States.Runtime', `Invalid path '${path}' : ${read.problem}`);
};

/** The raw input after InputPath: what a state's own paths (`TimeoutSecondsPath`, `Variable`, …) read. */
export const selectedInput = (state: DataFlow, rawInput: Json, scope: Scope): Evaluated =>
  state.queryLanguage === 'JSONPath' ? selectAt(state.inputPath, rawInput, scope) : evaluatedTo(rawInput);

/** What a task, a branch or a Pass gets: the raw input after InputPath and Parameters, or Arguments. */
export const stateInput = (state: DataFlow, rawInput: Json, scope: Scope): Evaluated => {
  if (state.queryLanguage === 'JSONata') {
    if (state.arguments === undefined) return evaluatedTo(rawInput);
    return jsonataValue(state.arguments, 'Arguments', { input: rawInput }, scope);
  }
  const selected = selectedInput(state, rawInput, scope);
  if (!selected.ok || state.parameters === undefined) return selected;
  return fillTemplate(state.parameters, selected.value, scope);
};

/** What a Pass state gives as its result: its Result as written, else its effective input. */
export const passResult = (state: PassState, rawInput: Json, scope: Scope): Evaluated =>
  state.result === undefined ? stateInput(state, rawInput, scope) : evaluatedTo(state.result);

/** For states without a result of their own (Choice, Wait, Succeed), `result` is their input by `stateInput`. */
export const stateExit = (state: FlowingState, rawInput: Json, result: Json, scope: Scope): Evaluated<Exit> => {
  switch (state.queryLanguage) {
    case 'JSONPath':
      return jsonPathExit(state, rawInput, result, scope);
    case 'JSONata': {
      const hasResult = state.type === 'Task' || state.type === 'Parallel' || state.type === 'Map';
      const states: StatesData = hasResult ? { input: rawInput, result } : { input: rawInput };
      return jsonataExit(state, '', hasResult ? result : rawInput, states, scope);
    }
    default:
      return assertNever(state);
  }
};

/** `place` is where Assign and Output stand within the state: empty, or such as `Catch[0]/`. */
export const jsonataExit = (
  fields: { readonly assign?: Template; readonly output?: Template },
  place: string,
  otherwise: Json,
  states: StatesData,
  scope: Scope,
): Evaluated<Exit> => {
  const { assign, output } = fields;
  const assigned = assign === undefined ? undefined : jsonataValue(assign, `${place}Assign`, states, scope);
  if (assigned && !assigned.ok) return assigned;
  const leaving = output === undefined ? evaluatedTo(otherwise) : jsonataValue(output, `${place}Output`, states, scope);
  if (!leaving.ok) return leaving;
  // Assign is an object as written, and so are its values: validation lets nothing else be assigned.
  return evaluatedTo({ output: leaving.value, ...(assigned && { assigned: assigned.value as JsonObject }) });
};

const jsonPathExit = (state: JsonPathFlow, rawInput: Json, result: Json, scope: Scope): Evaluated<Exit> => {
  const selected =
    state.resultSelector === undefined ? evaluatedTo(result) : fillTemplate(state.resultSelector, result, scope);
  if (!selected.ok) return selected;
  // `$` of Assign is the result itself, whatever ResultSelector makes of it.
  const assigned = assignedBy(state.assign, result, scope);
  if (!assigned.ok) return assigned;
  const placed = placeResult(state.resultPath, rawInput, selected.value);
  if (!placed.ok) return placed;
  const output = selectAt(state.outputPath, placed.value, scope);
  return output.ok ? evaluatedTo({ output: output.value, ...assigned.value }) : output;
};

/** Assign of a JSONPath state: an object with its paths read, nothing where the field is absent. */
export const assignedBy = (
  assign: Template | undefined,
  data: Json,
  scope: Scope,
): Evaluated<{ readonly assigned?: JsonObject }> => {
  if (assign === undefined) return evaluatedTo({});
  const filled = fillTemplate(assign, data, scope);
  // A template that is an object fills to an object; validation lets nothing else be assigned.
  return filled.ok ? evaluatedTo({ assigned: filled.value as JsonObject }) : filled;
};

/** Error and cause as a catcher's expressions see them; null where the failure named none. */
export interface ErrorOutput {
  readonly Error: string | null;
  readonly Cause: string | null;
}

/** What leaves a state whose error is caught, on the way to the catcher's target. */
export const catchExit = (
  state: DataFlow & { readonly catch: readonly Catcher[] },
  catcher: Catcher,
  rawInput: Json,
  errorOutput: ErrorOutput,
  scope: Scope,
): Evaluated<Exit> => {
  const data: JsonObject = { Error: errorOutput.Error, Cause: errorOutput.Cause };
  if (state.queryLanguage === 'JSONata') {
    const place = `Catch[${state.catch.indexOf(catcher)}]/`;
    return jsonataExit(catcher, place, data, { input: rawInput, errorOutput: data }, scope);
  }
  const assigned = assignedBy(catcher.assign, data, scope);
  if (!assigned.ok) return assigned;
  const placed = placeResult(catcher.resultPath, rawInput, data);
  return placed.ok ? evaluatedTo({ output: placed.value, ...assigned.value }) : placed;
};
