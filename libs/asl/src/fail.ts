import { assertNever, type Json } from '@throughline/contracts';
import { CAUSE_LENGTH_MAX, ERROR_LENGTH_MAX, type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import { jsonataOfKind } from './jsonata-fields.ts';
import type { FailState, Path, Sourced } from './machine.ts';
import type { Scope } from './scope.ts';
import { readReference } from './template.ts';

const textAt = (path: Path, field: string, data: Json, scope: Scope): Evaluated<string> => {
  const read = readReference(path, field, data, scope);
  if (!read.ok) return read;
  return typeof read.value === 'string'
    ? evaluatedTo(read.value)
    : failedWith('States.Runtime', `The ${field} field refers to a value that is not a string: ${path}`);
};

const textOf = (text: Sourced<string, 'Error' | 'Cause'>, rawInput: Json, scope: Scope): Evaluated<string> => {
  switch (text.kind) {
    case 'fixed':
      return evaluatedTo(text.value);
    case 'path':
      return textAt(text.path, text.field, rawInput, scope);
    case 'jsonata':
      return jsonataOfKind('string', text.expression, text.field, { input: rawInput }, scope);
    default:
      return assertNever(text);
  }
};

/** What a Fail state fails with; what it does not name is absent. */
export interface FailOutcome {
  readonly error?: string;
  readonly cause?: string;
}

export const failOutcome = (state: FailState, rawInput: Json, scope: Scope): Evaluated<FailOutcome> => {
  const error = state.error && textOf(state.error, rawInput, scope);
  if (error && !error.ok) return error;
  const cause = state.cause && textOf(state.cause, rawInput, scope);
  if (cause && !cause.ok) return cause;
  return evaluatedTo({
    ...(error && { error: error.value.slice(0, ERROR_LENGTH_MAX) }),
    ...(cause && { cause: cause.value.slice(0, CAUSE_LENGTH_MAX) }),
  });
};
