import { assertNever, type Json } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, failedWith } from './evaluated.ts';
import { parseInstant } from './instant.ts';
import type { Path, Seconds, WaitState } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';

/** As AWS bounds every number of seconds: a little over three years. */
export const SECONDS_MAX = 99_999_999;

const notFound = (path: Path, problem: string) => failedWith('States.Runtime', `Invalid path '${path}' : ${problem}`);

const secondsProblem = (seconds: Extract<Seconds, { kind: 'path' }>, value: Json): string | undefined => {
  const { path, field } = seconds;
  const text = JSON.stringify(value);
  const isInteger = typeof value === 'number' && Number.isInteger(value);
  if (field === 'SecondsPath') {
    if (!isInteger) return `The SecondsPath parameter cannot be parsed as a long value: ${path} == ${text}`;
    if (value < 0) return `The SecondsPath parameter references a negative value: ${path} == ${text}`;
  } else if (!isInteger || value <= 0) {
    return `The ${field} field refers to value "${text}" which is not a valid positive integer: ${path}`;
  }
  return value > SECONDS_MAX
    ? `The ${field} field refers to a value above ${SECONDS_MAX}: ${path} == ${text}`
    : undefined;
};

/** A number of seconds as written, or read from the data. */
export const secondsOf = (seconds: Seconds, data: Json, scope: Scope): Evaluated<number> => {
  if (seconds.kind === 'fixed') return evaluatedTo(seconds.seconds);
  const read = readPath(seconds.path, data, scope);
  if (!read.found) return notFound(seconds.path, read.problem);
  const problem = secondsProblem(seconds, read.value);
  // Without a problem it is an integer in bounds: the cast says what `secondsProblem` has tested.
  return problem === undefined ? evaluatedTo(read.value as number) : failedWith('States.Runtime', problem);
};

const instantAt = (path: Path, data: Json, scope: Scope): Evaluated<number> => {
  const read = readPath(path, data, scope);
  if (!read.found) return notFound(path, read.problem);
  const ms = typeof read.value === 'string' ? parseInstant(read.value) : undefined;
  if (ms !== undefined) return evaluatedTo(ms);
  const text = typeof read.value === 'string' ? read.value : JSON.stringify(read.value);
  return failedWith(
    'States.Runtime',
    `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${path} == ${text}`,
  );
};

/** When a Wait ends, in milliseconds since 1970; may be past. `data` is its input after InputPath. */
export const waitUntil = (state: WaitState, data: Json, scope: Scope, nowMs: number): Evaluated<number> => {
  const { until } = state;
  switch (until.kind) {
    case 'fixed':
    case 'path': {
      const seconds = secondsOf(until, data, scope);
      return seconds.ok ? evaluatedTo(nowMs + seconds.value * 1_000) : seconds;
    }
    case 'timestamp': {
      const ms = parseInstant(until.at);
      if (ms === undefined) throw new Error(`a Timestamp that was not validated: ${until.at}`);
      return evaluatedTo(ms);
    }
    case 'timestamp-path':
      return instantAt(until.path, data, scope);
    default:
      return assertNever(until);
  }
};
