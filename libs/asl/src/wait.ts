import { assertNever, type Json } from '@throughline/contracts';
import { selectedInput } from './data-flow.ts';
import { type Evaluated, evaluatedTo, failedWith, queryFailed } from './evaluated.ts';
import { parseInstant } from './instant.ts';
import { jsonataOfKind } from './jsonata-fields.ts';
import type { Path, Sourced, WaitState } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';
import { pathFoundNothing, secondsOf } from './seconds.ts';

const instantAt = (path: Path, data: Json, scope: Scope): Evaluated<number> => {
  const read = readPath(path, data, scope);
  if (!read.found) return pathFoundNothing(path, read.problem);
  const ms = typeof read.value === 'string' ? parseInstant(read.value) : undefined;
  if (ms !== undefined) return evaluatedTo(ms);
  const text = typeof read.value === 'string' ? read.value : JSON.stringify(read.value);
  return failedWith(
    'States.Runtime',
    `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${path} == ${text}`,
  );
};

const instantOf = (timestamp: Sourced<string, 'Timestamp'>, data: Json, scope: Scope): Evaluated<number> => {
  switch (timestamp.kind) {
    case 'fixed':
      return evaluatedTo(validInstant(timestamp.value));
    case 'path':
      return instantAt(timestamp.path, data, scope);
    case 'jsonata':
      return jsonataInstant(timestamp, data, scope);
    default:
      return assertNever(timestamp);
  }
};

const jsonataInstant = (
  { expression, field }: Extract<Sourced<string, 'Timestamp'>, { kind: 'jsonata' }>,
  input: Json,
  scope: Scope,
): Evaluated<number> => {
  const text = jsonataOfKind('string', expression, field, { input }, scope);
  if (!text.ok) return text;
  const ms = parseInstant(text.value);
  if (ms !== undefined) return evaluatedTo(ms);
  return queryFailed(
    field,
    `The Timestamp parameter is not a valid ISO-8601 extended offset date-time format string: ${text.value}`,
  );
};

const validInstant = (text: string): number => {
  const ms = parseInstant(text);
  if (ms === undefined) throw new Error(`a timestamp that was not validated: ${text}`);
  return ms;
};

/** When a Wait that is entered at `scope.at` ends, in milliseconds since 1970; may be past. */
export const waitUntil = (state: WaitState, rawInput: Json, scope: Scope): Evaluated<number> => {
  const data = selectedInput(state, rawInput, scope);
  if (!data.ok) return data;
  const { until } = state;
  if (until.kind === 'timestamp') return instantOf(until.timestamp, data.value, scope);
  const seconds = secondsOf(until.seconds, data.value, scope);
  return seconds.ok ? evaluatedTo(validInstant(scope.at) + seconds.value * 1_000) : seconds;
};
