import type { Json } from '@throughline/contracts';
import { CostExceeded, type CostMeter, meterOf } from '../cost-meter.ts';
import type { Scope } from '../scope.ts';
import { descend, memoryExceeded, TIMEOUT } from './bounds.ts';
import { BUILT_IN } from './built-in.ts';
import type { CompiledExpression } from './expression.ts';
import { BoundReached, JsonataFailure } from './failure.ts';
import { Interpreter } from './interpreter.ts';
import { sentenceOf } from './sentence.ts';
import { Frame, isFunction, isList, isObject, type Value } from './values.ts';

/** What `$states` holds besides the context object. */
export interface StatesData {
  readonly input: Json;
  readonly result?: Json;
  readonly errorOutput?: Json;
}

/** What an expression gave: a value, nothing, or a failure in the words that follow AWS's sentence about it. */
export type ExpressionResult =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'function' }
  | { readonly kind: 'thrown'; readonly problem: string };

/** What the first frame of an expression sees. Nobody can assign `$states`, and a variable hides a function of its name. */
const rootFrame = (states: StatesData, scope: Scope): Frame => {
  const shown = { ...states, context: scope.context };
  return new Frame(undefined, undefined, (name) => {
    if (name === 'states') return shown;
    const assigned = scope.variable(name); // null is a value
    return assigned === undefined ? BUILT_IN.get(name) : assigned;
  });
};

/** More than a state's data may hold, so that what is refused here is refused there too. */
const OUTPUT_LENGTH_MAX = 4_194_304;

class JsonWriter {
  private length = 0;
  constructor(private readonly meter: CostMeter) {}

  private add(length: number): void {
    this.length += length;
    if (this.length > OUTPUT_LENGTH_MAX) throw memoryExceeded();
  }

  /** The value as JSON. What is JSON already, and comes from the data, is handed on as it is. */
  write(value: Value, depth = 0): Json {
    descend(this.meter, depth);
    if (typeof value === 'string') {
      this.add(value.length + 2);
      return value;
    }
    this.add(4);
    if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : `${value}`; // as AWS has it
    if (isFunction(value)) return '';
    if (isList(value)) return this.list(value, depth);
    if (isObject(value)) return this.object(value, depth);
    return typeof value === 'boolean' ? value : null;
  }

  private list(list: readonly Value[], depth: number): Json {
    const items = list.map((item) => this.write(item, depth + 1));
    const isData = !('sequence' in list) && items.every((item, i) => Object.is(item, list[i]));
    return isData ? (list as readonly Json[]) : items; // it holds what was compared
  }

  private object(object: Readonly<Record<string, Value>>, depth: number): Json {
    let isData = Object.getPrototypeOf(object) !== null;
    const fields: [string, Json][] = [];
    for (const [key, part] of Object.entries(object)) {
      if (part === undefined) continue;
      this.add(key.length + 3);
      const written = this.write(part, depth + 1);
      isData &&= Object.is(written, part);
      fields.push([key, written]);
    }
    return isData ? (object as Readonly<Record<string, Json>>) : Object.fromEntries(fields); // it holds what was compared
  }
}

const resultOf = (value: Value, meter: CostMeter): ExpressionResult => {
  if (value === undefined) return { kind: 'nothing' };
  if (isFunction(value)) return { kind: 'function' };
  return { kind: 'value', value: new JsonWriter(meter).write(value) };
};

export const evaluateExpression = (
  { root }: CompiledExpression,
  states: StatesData,
  scope: Scope,
): ExpressionResult => {
  const meter = meterOf(scope);
  try {
    const value = new Interpreter(meter, scope).evaluate(root, undefined, rootFrame(states, scope));
    return resultOf(value, meter);
  } catch (error) {
    if (error instanceof JsonataFailure) return { kind: 'thrown', problem: `. ${sentenceOf(error)}` };
    if (error instanceof BoundReached) return { kind: 'thrown', problem: `: ${error.message}` };
    if (error instanceof CostExceeded) return { kind: 'thrown', problem: `: ${TIMEOUT}` };
    throw error;
  }
};
