import type { Json } from '@throughline/contracts';
import { CAUSE_LENGTH_MAX, ERROR_LENGTH_MAX, type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import type { FailState, Path } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';
import { pathNotFound } from './template.ts';

const textAt = (path: Path, field: 'ErrorPath' | 'CausePath', data: Json, scope: Scope): Evaluated<string> => {
  const read = readPath(path, data, scope);
  if (!read.found) return pathNotFound(path, field, data);
  return typeof read.value === 'string'
    ? evaluatedTo(read.value)
    : failedWith('States.Runtime', `The ${field} field refers to a value that is not a string: ${path}`);
};

/** Error and cause of a Fail state; empty where it names none. */
export const failOutcome = (
  state: FailState,
  data: Json,
  scope: Scope,
): Evaluated<{ readonly error: string; readonly cause: string }> => {
  const error = state.errorPath ? textAt(state.errorPath, 'ErrorPath', data, scope) : evaluatedTo(state.error ?? '');
  if (!error.ok) return error;
  const cause = state.causePath ? textAt(state.causePath, 'CausePath', data, scope) : evaluatedTo(state.cause ?? '');
  if (!cause.ok) return cause;
  return evaluatedTo({
    error: error.value.slice(0, ERROR_LENGTH_MAX),
    cause: cause.value.slice(0, CAUSE_LENGTH_MAX),
  });
};
