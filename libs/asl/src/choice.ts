import { assertNever, type Json } from '@throughline/contracts';
import { OPERATORS } from './choice-operators.ts';
import { assignedBy, type Exit, jsonataExit, selectAt, selectedInput } from './data-flow.ts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import { jsonataOfKind } from './jsonata-fields.ts';
import type { ChoiceRule, ChoiceState, Comparison, Path, Template } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';

const invalidReference = (path: Path): Evaluated<boolean> =>
  failedWith(
    'States.Runtime',
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  );

const compares = (rule: Comparison, data: Json, scope: Scope): Evaluated<boolean> => {
  const variable = readPath(rule.variable, data, scope);
  const { operand } = rule;
  if (rule.operator === 'IsPresent') return evaluatedTo(operand.kind === 'value' && variable.found === operand.value);
  if (!variable.found) return invalidReference(rule.variable);
  const { test } = OPERATORS[rule.operator];
  if (operand.kind === 'value') return evaluatedTo(test(variable.value, operand.value));
  const other = readPath(operand.path, data, scope);
  return other.found ? evaluatedTo(test(variable.value, other.value)) : invalidReference(operand.path);
};

/** Stops at the first rule that settles it: `And` may ask whether a field is present before it reads the field. */
const settles = (rules: readonly ChoiceRule[], settling: boolean, data: Json, scope: Scope): Evaluated<boolean> => {
  for (const rule of rules) {
    const holds = matchesRule(rule, data, scope);
    if (!holds.ok || holds.value === settling) return holds;
  }
  return evaluatedTo(!settling);
};

export const matchesRule = (rule: ChoiceRule, data: Json, scope: Scope): Evaluated<boolean> => {
  switch (rule.kind) {
    case 'and':
      return settles(rule.rules, false, data, scope);
    case 'or':
      return settles(rule.rules, true, data, scope);
    case 'not': {
      const holds = matchesRule(rule.rule, data, scope);
      return holds.ok ? evaluatedTo(!holds.value) : holds;
    }
    case 'compare':
      return compares(rule, data, scope);
    case 'condition':
      return typeof rule.condition === 'boolean'
        ? evaluatedTo(rule.condition)
        : jsonataOfKind('boolean', rule.condition, rule.field, { input: data }, scope);
    default:
      return assertNever(rule);
  }
};

/** Where a Choice goes, and what leaves it on the way there. */
export interface Chosen extends Exit {
  readonly next: string;
}

/**
 * The first branch whose rule holds brings its own Output and Assign; the state's own belong to Default alone, as the
 * language has it.
 */
export const chooseNext = (state: ChoiceState, rawInput: Json, scope: Scope): Evaluated<Chosen> => {
  const input = selectedInput(state, rawInput, scope);
  if (!input.ok) return input;
  for (const [i, branch] of state.choices.entries()) {
    const holds = matchesRule(branch.rule, input.value, scope);
    if (!holds.ok) return holds;
    if (holds.value) return leave(state, { ...branch, place: `Choices[${i}]/` }, input.value, scope);
  }
  if (state.default !== undefined) {
    const { default: next, assign } = state;
    const output = state.queryLanguage === 'JSONata' ? state.output : undefined;
    return leave(
      state,
      { next, place: '', ...(assign !== undefined && { assign }), ...(output !== undefined && { output }) },
      input.value,
      scope,
    );
  }
  // AWS's documents say States.NoChoiceMatched; AWS itself answers with this.
  return failedWith(
    'States.Runtime',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
};

interface Way {
  readonly next: string;
  readonly place: string;
  readonly assign?: Template;
  readonly output?: Template;
}

const leave = (state: ChoiceState, way: Way, input: Json, scope: Scope): Evaluated<Chosen> => {
  const { next } = way;
  if (state.queryLanguage === 'JSONata') {
    const exit = jsonataExit(way, way.place, input, { input }, scope);
    return exit.ok ? evaluatedTo({ next, ...exit.value }) : exit;
  }
  const assigned = assignedBy(way.assign, input, scope);
  if (!assigned.ok) return assigned;
  const output = selectAt(state.outputPath, input, scope);
  return output.ok ? evaluatedTo({ next, output: output.value, ...assigned.value }) : output;
};
