import { FAULT_CODES, type Fault } from '@throughline/asl';
import { ERROR_CODES, isJsonObject, type Json, type Refusal } from '@throughline/contracts';

/** What must hold of every answer. Each gives the problems that it sees: none, where all is well. */

const FAULTS_MAX = 200;

export const problemsOfFaults = (definition: Json, faults: readonly Fault[]): readonly string[] => [
  ...(faults.length === 0 || faults.length > FAULTS_MAX ? [`refused with ${faults.length} faults`] : []),
  ...faults.flatMap((fault) => problemsOfFault(definition, fault)),
];

const problemsOfFault = (definition: Json, { pointer, code, message }: Fault): readonly string[] => [
  ...(Object.hasOwn(FAULT_CODES, code) ? [] : [`a fault of no known code: ${String(code)}`]),
  ...(/^.+\.$/s.test(message) ? [] : [`${code} says no sentence: ${message}`]),
  ...(pointsInto(definition, pointer) ? [] : [`${code} points nowhere: ${pointer.slice(0, 200)}`]),
];

/** RFC 6901. The last token may name what is missing. */
export const pointsInto = (definition: Json, pointer: string): boolean => {
  if (pointer === '') return true;
  if (!pointer.startsWith('/')) return false;
  const tokens = pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at: Json = definition;
  for (const [index, token] of tokens.entries()) {
    if (typeof at !== 'object' || at === null) return false;
    if (!Object.hasOwn(at, token)) return index === tokens.length - 1 && isJsonObject(at);
    at = Object.entries(at).find(([key]) => key === token)?.[1] as Json; // hasOwn found it
  }
  return true;
};

/** What only a bug or damage leads to. */
const OF_BUGS = new Set(['TL0007', 'TL0201', 'TL0202', 'TL0302']);

export const problemsOfRefusal = ({ code, message }: Refusal): readonly string[] => [
  ...(Object.hasOwn(ERROR_CODES, code) ? [] : [`a refusal of no known code: ${String(code)}`]),
  ...(message === '' ? [`${code} says nothing`] : []),
  ...(OF_BUGS.has(code) ? [`${code}: ${message}`] : []),
];

const sameJson = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([key, value]) => other.has(key) && sameJson(value, other.get(key)));
};

/** Whether a computed value is what its JSON text says: no NaN, nothing undefined, no function, no sparse array. */
export const problemsOfValue = (name: string, value: unknown): readonly string[] => {
  const text = JSON.stringify(value);
  if (text === undefined) return [`${name} is no JSON`];
  return sameJson(withoutNegativeZero(value), JSON.parse(text))
    ? []
    : [`${name} is not what its JSON text says: ${text.slice(0, 200)}`];
};

/** The one number that JSON text changes and that is still equal. */
const withoutNegativeZero = (value: unknown): unknown => {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutNegativeZero(part)]));
};
