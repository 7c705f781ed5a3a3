import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Chance } from './chance.ts';
import { intrinsicAt, jsonataAt, pathAt } from './compose-expression.ts';
import { mutatedText } from './mutate-text.ts';
import { TOKENS } from './seed-expressions.ts';

type Change = (value: Json, chance: Chance, whole: Json) => Json;

/** Values that a field is seldom prepared for. */
const ODD: readonly [Json, ...Json[]] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  '',
  '$',
  'States.ALL',
  '{% %}',
  [],
  {},
  [[]],
  [null],
  { '': '' },
  { 'a.$': '$' },
  { '.$': 'x' },
];

/** Fields of the language, to be put where they do not belong. */
const FIELDS: readonly [string, ...string[]] = [
  'Type', 'Next', 'End', 'Default', 'Choices', 'Condition', 'Variable', 'And', 'Or', 'Not', 'IsPresent', 'StringMatches',
  'InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'ResultSelector', 'Result', 'Arguments', 'Output', 'Assign',
  'QueryLanguage', 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath', 'HeartbeatSeconds', 'Seconds', 'SecondsPath',
  'Timestamp', 'TimestampPath', 'Error', 'ErrorPath', 'Cause', 'CausePath', 'Retry', 'Catch', 'ErrorEquals', 'Branches',
  'ItemProcessor', 'Iterator', 'ItemsPath', 'Items', 'ItemSelector', 'ItemBatcher', 'ItemReader', 'ResultWriter',
  'MaxConcurrency', 'MaxConcurrencyPath', 'ToleratedFailureCount', 'ToleratedFailurePercentage', 'StartAt', 'States',
  'Comment', 'Version', 'Credentials', 'Label', 'ProcessorConfig', '__proto__', 'constructor',
]; // prettier-ignore

const NESTED_TIMES = 1_000;
const LIST_LENGTH = 3_000;
/** Large changes multiply: beyond this no more are made. */
const BYTES_MAX = 2_000_000;

const copiesOf = (value: Json): number => Math.min(LIST_LENGTH, Math.floor(BYTES_MAX / JSON.stringify(value).length));

const anyPart = (value: Json, chance: Chance): Json => {
  let part = value;
  while (typeof part === 'object' && part !== null && !chance.oneIn(4)) {
    const parts: readonly Json[] = Object.values(part);
    if (parts.length === 0) break;
    part = parts[chance.below(parts.length)] ?? null;
  }
  return part;
};

const keyOf = (value: JsonObject, chance: Chance): string => {
  const keys = Object.keys(value);
  return keys[chance.below(keys.length)] ?? '';
};

const without = (value: JsonObject, key: string): JsonObject => {
  const { [key]: _gone, ...rest } = value;
  return rest;
};

const CHANGES: readonly [Change, ...Change[]] = [
  (_value, chance) => chance.pick(ODD),
  (_value, chance, whole) => anyPart(whole, chance),
  (value, chance) => (typeof value === 'string' ? mutatedText(value, chance) : value),
  (_value, chance) => pathAt(chance),
  (_value, chance) => intrinsicAt(chance),
  (_value, chance) => `{% ${jsonataAt(chance)} %}`,
  (value, chance) => (isJsonObject(value) ? without(value, keyOf(value, chance)) : value),
  (value, chance, whole) => (isJsonObject(value) ? { ...value, [chance.pick(FIELDS)]: anyPart(whole, chance) } : value),
  (value, chance, whole) => (isJsonObject(value) ? { ...value, [chance.pick(TOKENS)]: anyPart(whole, chance) } : value),
  (value, chance) => {
    if (!isJsonObject(value)) return value;
    const key = keyOf(value, chance);
    const renamed = chance.pick([`${key}.$`, `${key}Path`, key.replace(/Path$|\.\$$/, ''), mutatedText(key, chance)]);
    return { ...without(value, key), [renamed]: value[key] ?? null };
  },
  (value, chance, whole) => (Array.isArray(value) ? [...(value as Json[]), anyPart(whole, chance)] : [value]), // isArray does not narrow to a readonly array
  (value, chance) => (chance.oneIn(15) ? Array.from({ length: copiesOf(value) }, () => value) : { a: value }),
  (value, chance) => {
    if (!chance.oneIn(15)) return [value, value];
    let nested = value;
    for (let i = 0; i < NESTED_TIMES; i += 1) nested = i % 2 === 0 ? [nested] : { a: nested };
    return nested;
  },
];

/** One change somewhere: the deeper a value is, the likelier is a place near it. */
const changed = (value: Json, chance: Chance, whole: Json): Json => {
  if (typeof value !== 'object' || value === null || chance.oneIn(5)) return chance.pick(CHANGES)(value, chance, whole);
  const keys = Object.keys(value);
  const at = chance.below(keys.length);
  if (keys.length === 0) return chance.pick(CHANGES)(value, chance, whole);
  if (!isJsonObject(value)) return (value as Json[]).map((part, i) => (i === at ? changed(part, chance, whole) : part)); // as above
  return Object.fromEntries(
    Object.entries(value).map(([key, part], i) => [key, i === at ? changed(part, chance, whole) : part]),
  );
};

export const mutatedJson = (value: Json, chance: Chance, changesMax: number): Json => {
  let mutated = value;
  const changes = chance.below(changesMax + 1);
  for (let i = 0; i < changes && JSON.stringify(mutated).length < BYTES_MAX; i += 1) {
    mutated = changed(mutated, chance, mutated);
  }
  return mutated;
};
