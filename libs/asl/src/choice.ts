import { assertNever, type Json } from '@throughline/contracts';
import { OPERATORS } from './choice-operators.ts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import type { ChoiceRule, ChoiceState, Comparison, Path } from './machine.ts';
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
    default:
      return assertNever(rule);
  }
};

/** The state that a Choice goes to. `data` is its input after InputPath. */
export const chooseNext = (state: ChoiceState, data: Json, scope: Scope): Evaluated<string> => {
  for (const { rule, next } of state.choices) {
    const holds = matchesRule(rule, data, scope);
    if (!holds.ok) return holds;
    if (holds.value) return evaluatedTo(next);
  }
  if (state.default !== undefined) return evaluatedTo(state.default);
  // AWS's documents say States.NoChoiceMatched; AWS itself answers with this.
  return failedWith(
    'States.Runtime',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
};
