import { assertNever, type Json } from '@throughline/contracts';
import { selectedInput } from './data-flow.ts';
import { type Evaluated, evaluatedTo, failedWith, queryFailed } from './evaluated.ts';
import { jsonataOfKind } from './jsonata-fields.ts';
import type { Path, Seconds, TaskState } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';

/** As AWS bounds every number of seconds: a little over three years. */
export const SECONDS_MAX = 99_999_999;

export const pathFoundNothing = (path: Path, problem: string) =>
  failedWith('States.Runtime', `Invalid path '${path}' : ${problem}`);

/** A value as AWS's cause texts show it: text as it is, anything else as JSON. */
export const asQuoted = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const secondsProblem = (seconds: Extract<Seconds, { kind: 'path' }>, value: Json): string | undefined => {
  const { path, field } = seconds;
  const text = asQuoted(value);
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

const jsonataSeconds = (
  { expression, field }: Extract<Seconds, { kind: 'jsonata' }>,
  input: Json,
  scope: Scope,
): Evaluated<number> => {
  const seconds = jsonataOfKind('number', expression, field, { input }, scope);
  if (!seconds.ok) return seconds;
  const { value } = seconds;
  const failed = (problem: string) => queryFailed(field, problem);
  if (!Number.isInteger(value)) return failed(`The ${field} field cannot be parsed as an integer: ${value}`);
  // A wait may be over at once; a task that may take no time can never succeed.
  const min = field === 'Seconds' ? 0 : 1;
  return value >= min && value <= SECONDS_MAX
    ? seconds
    : failed(`${field} must be between ${min} and ${SECONDS_MAX} but was: ${value}`);
};

/** A number of seconds as written, or as the data has it. `data` is the state's input after InputPath. */
export const secondsOf = (seconds: Seconds, data: Json, scope: Scope): Evaluated<number> => {
  switch (seconds.kind) {
    case 'fixed':
      return evaluatedTo(seconds.value);
    case 'path': {
      const read = readPath(seconds.path, data, scope);
      if (!read.found) return pathFoundNothing(seconds.path, read.problem);
      const problem = secondsProblem(seconds, read.value);
      // Without a problem it is an integer in bounds: the cast says what `secondsProblem` has tested.
      return problem === undefined ? evaluatedTo(read.value as number) : failedWith('States.Runtime', problem);
    }
    case 'jsonata':
      return jsonataSeconds(seconds, data, scope);
    default:
      return assertNever(seconds);
  }
};

export interface TaskTimes {
  readonly timeoutMs?: number;
  readonly heartbeatMs?: number;
}

/** How long an attempt at a task may take, and how long it may be silent. */
export const taskTimes = (state: TaskState, rawInput: Json, scope: Scope): Evaluated<TaskTimes> => {
  if (!state.timeout && !state.heartbeat) return evaluatedTo({});
  const data = selectedInput(state, rawInput, scope);
  if (!data.ok) return data;
  const timeout = state.timeout && secondsOf(state.timeout, data.value, scope);
  if (timeout && !timeout.ok) return timeout;
  const heartbeat = state.heartbeat && secondsOf(state.heartbeat, data.value, scope);
  if (heartbeat && !heartbeat.ok) return heartbeat;
  return evaluatedTo({
    ...(timeout && { timeoutMs: timeout.value * 1_000 }),
    ...(heartbeat && { heartbeatMs: heartbeat.value * 1_000 }),
  });
};
