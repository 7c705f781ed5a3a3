import { assertNever, isJsonObject, type Json } from '@throughline/contracts';
import { selectedInput } from './data-flow.ts';
import { type Evaluated, evaluatedTo, type Failed, failedWith, queryFailed } from './evaluated.ts';
import { jsonataOfKind, jsonataValue, unexpectedKind } from './jsonata-fields.ts';
import type { ItemBatcher, JsonataText, MapState, Sourced, Template } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';
import { asQuoted, pathFoundNothing } from './seconds.ts';
import { fillTemplate } from './template.ts';

export interface MapPlan {
  /** None yet for a Map with an item reader. */
  readonly items: readonly Json[];
  /** 0: as many at once as the engine allows. */
  readonly maxConcurrency: number;
}
/** How many items may fail, of those that a Map Run has; where neither is given, none. */
export interface MapTolerance {
  readonly count?: number;
  readonly percentage?: number;
}
export interface ItemBatches {
  readonly maxItems?: number;
  readonly maxBytes?: number;
  readonly batchInput?: Json;
}

/** What a Map's numbers have in common: the check of the value, and AWS's sentence where it does not hold. */
type NumberField = Sourced<number, string>;
interface NumberRule {
  readonly valid: 'integer' | 'float';
  readonly problem: (value: number) => string | undefined;
}

const numberOf = (field: NumberField, rule: NumberRule, data: Json, scope: Scope): Evaluated<number> => {
  switch (field.kind) {
    case 'fixed':
      return evaluatedTo(field.value);
    case 'path': {
      const read = readPath(field.path, data, scope);
      if (!read.found) return pathFoundNothing(field.path, read.problem);
      const { value } = read;
      if (!isNumber(value, rule.valid)) {
        const problem = `The ${field.field} field refers to value "${asQuoted(value)}" which is not a valid ${rule.valid}: ${field.path}`;
        return failedWith('States.Runtime', problem);
      }
      return checked(value, rule, (problem) => failedWith('States.Runtime', problem));
    }
    case 'jsonata': {
      const number = jsonataOfKind('number', field.expression, field.field, { input: data }, scope);
      if (!number.ok) return number;
      if (!isNumber(number.value, rule.valid)) {
        const problem = `The ${field.field} field cannot be parsed as an integer: ${number.value}`;
        return queryFailed(field.field, problem);
      }
      return checked(number.value, rule, (problem) => queryFailed(field.field, problem));
    }
    default:
      return assertNever(field);
  }
};

const isNumber = (value: Json, valid: NumberRule['valid']): value is number =>
  typeof value === 'number' && (valid === 'float' || Number.isSafeInteger(value));

const checked = (value: number, { problem }: NumberRule, failed: (problem: string) => Failed): Evaluated<number> => {
  const cause = problem(value);
  return cause === undefined ? evaluatedTo(value) : failed(cause);
};

const notNegative = (name: string): NumberRule => ({
  valid: 'integer',
  problem: (value) => (value < 0 ? `${name} cannot be negative.` : undefined),
});
const positive = (name: string): NumberRule => ({
  valid: 'integer',
  problem: (value) => (value < 1 ? `${name} must be a positive integer.` : undefined),
});
const PERCENTAGE: NumberRule = {
  valid: 'float',
  problem: (value) => (value < 0 || value > 100 ? 'ToleratedFailurePercentage must be between 0 and 100.' : undefined),
};

/** A number where the field is there; undefined where it is not. */
const optional = (
  field: NumberField | undefined,
  rule: NumberRule,
  data: Json,
  scope: Scope,
): Evaluated<number | undefined> => (field ? numberOf(field, rule, data, scope) : evaluatedTo(undefined));

/** What is settled before the Map starts. */
export const mapPlan = (state: MapState, rawInput: Json, scope: Scope): Evaluated<MapPlan> => {
  const input = selectedInput(state, rawInput, scope);
  if (!input.ok) return input;
  const maxConcurrency = numberOf(state.maxConcurrency, notNegative('MaxConcurrency'), input.value, scope);
  if (!maxConcurrency.ok) return maxConcurrency;
  const items = state.itemReader ? evaluatedTo([]) : itemsIn(state, input.value, scope);
  return items.ok ? evaluatedTo({ items: items.value, maxConcurrency: maxConcurrency.value }) : items;
};

/** AWS's name for whatever goes wrong in an item reader. */
export const ITEM_READER_FAILED = 'States.ItemReaderFailed';

/** The items of a Map with an item reader: `read` is what the reader's task gave. */
export const itemsRead = (state: MapState, rawInput: Json, read: Json, scope: Scope): Evaluated<readonly Json[]> => {
  const input = selectedInput(state, rawInput, scope);
  if (!input.ok) return input;
  const items = itemsIn(state, read, scope);
  if (!items.ok || !state.itemReader?.maxItems) return items;
  const max = numberOf(state.itemReader.maxItems, positive('MaxItems'), input.value, scope);
  return max.ok ? evaluatedTo(items.value.slice(0, max.value)) : max;
};

/** AWS looks at these once the Map has started. */
export const mapTolerance = (state: MapState, rawInput: Json, scope: Scope): Evaluated<MapTolerance> => {
  const input = selectedInput(state, rawInput, scope);
  if (!input.ok) return input;
  const count = optional(state.toleratedFailureCount, notNegative('ToleratedFailureCount'), input.value, scope);
  if (!count.ok) return count;
  const percentage = optional(state.toleratedFailurePercentage, PERCENTAGE, input.value, scope);
  if (!percentage.ok) return percentage;
  return evaluatedTo({
    ...(count.value !== undefined && { count: count.value }),
    ...(percentage.value !== undefined && { percentage: percentage.value }),
  });
};

/** How items are handed out in batches; undefined where each iteration takes one item as it is. */
export const mapBatches = (state: MapState, rawInput: Json, scope: Scope): Evaluated<ItemBatches | undefined> => {
  if (!state.itemBatcher) return evaluatedTo(undefined);
  const input = selectedInput(state, rawInput, scope);
  return input.ok ? batchesOf(state, state.itemBatcher, input.value, scope) : input;
};

/** A payload of the Map itself, in the state's own language. */
const payload = (state: MapState, template: Template, field: string, data: Json, scope: Scope): Evaluated =>
  state.queryLanguage === 'JSONPath'
    ? fillTemplate(template, data, scope)
    : jsonataValue(template, field, { input: data }, scope);

const batchesOf = (state: MapState, batcher: ItemBatcher, data: Json, scope: Scope): Evaluated<ItemBatches> => {
  const maxItems = optional(batcher.maxItems, positive('MaxItemsPerBatch'), data, scope);
  if (!maxItems.ok) return maxItems;
  const maxBytes = optional(batcher.maxBytes, positive('MaxInputBytesPerBatch'), data, scope);
  if (!maxBytes.ok) return maxBytes;
  const batchInput =
    batcher.batchInput === undefined
      ? undefined
      : payload(state, batcher.batchInput, 'ItemBatcher/BatchInput', data, scope);
  if (batchInput && !batchInput.ok) return batchInput;
  return evaluatedTo({
    ...(maxItems.value !== undefined && { maxItems: maxItems.value }),
    ...(maxBytes.value !== undefined && { maxBytes: maxBytes.value }),
    ...(batchInput && { batchInput: batchInput.value }),
  });
};

const itemsIn = (state: MapState, data: Json, scope: Scope): Evaluated<readonly Json[]> => {
  const { items } = state;
  return items.kind === 'path' ? itemsAt(state, items, data, scope) : templateItems(state, items, data, scope);
};

const itemsAt = (
  state: MapState,
  { path }: Extract<MapState['items'], { kind: 'path' }>,
  data: Json,
  scope: Scope,
): Evaluated<readonly Json[]> => {
  const found = readPath(path, data, scope);
  if (!found.found) return pathFoundNothing(path, found.problem);
  if (isArray(found.value)) return evaluatedTo(found.value);
  if (state.itemReader) return NO_ITEMS_READ;
  return failedWith('States.Runtime', `Reference path "${path}" must point to array.`);
};

const NO_ITEMS_READ = failedWith(ITEM_READER_FAILED, 'Attempting to map over non-iterable node.');

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

const templateItems = (
  state: MapState,
  { template }: Extract<MapState['items'], { kind: 'template' }>,
  data: Json,
  scope: Scope,
): Evaluated<readonly Json[]> => {
  const given = template === undefined ? evaluatedTo(data) : jsonataValue(template, 'Items', { input: data }, scope);
  if (!given.ok) return given;
  const { value } = given;
  if (isArray(value)) return evaluatedTo(value);
  // An object gives its fields; AWS takes one in DISTRIBUTED mode only.
  if (isJsonObject(value) && state.mode === 'DISTRIBUTED' && template !== undefined) {
    return evaluatedTo(Object.entries(value).map(([key, part]) => ({ Key: key, Value: part })));
  }
  if (state.itemReader && template === undefined) return NO_ITEMS_READ;
  if (typeof template === 'string') return unexpectedKind('array', template as JsonataText, 'Items', value); // validation lets no other text in
  return queryFailed('Items', `Map state input must be an array but was: ${JSON.stringify(value)}`);
};

/** What the item reader's task gets: its Parameters or Arguments, and ReaderConfig beside them. Only for a Map that has one. */
export const readerInput = (state: MapState, rawInput: Json, scope: Scope): Evaluated => {
  const { input: template, config } = state.itemReader ?? {};
  const selected = selectedInput(state, rawInput, scope);
  if (!selected.ok) return selected;
  const field = state.queryLanguage === 'JSONPath' ? 'ItemReader/Parameters' : 'ItemReader/Arguments';
  const input = template === undefined ? selected : payload(state, template, field, selected.value, scope);
  if (!input.ok || config === undefined || !isJsonObject(input.value)) return input;
  return evaluatedTo({ ...input.value, ReaderConfig: config });
};

/** What one iteration, or one item of a batch, gets: the item itself, or what ItemSelector makes of it. */
export const iterationInput = (state: MapState, rawInput: Json, item: Json, index: number, scope: Scope): Evaluated => {
  if (state.itemSelector === undefined) return evaluatedTo(item);
  const input = selectedInput(state, rawInput, scope);
  if (!input.ok) return input;
  const context = { ...scope.context, Map: { Item: { Index: index, Value: item } } };
  return payload(state, state.itemSelector, 'ItemSelector', input.value, { ...scope, context });
};
