import type { LambdaNode, Signature } from './nodes.ts';
import type { RegularExpression } from './regular-expression.ts';
import type { Run } from './run.ts';

/** What an expression works on: JSON, functions, nothing, and lists that know where they come from. */
export type Value = undefined | null | boolean | number | string | List | ValueObject | FunctionValue | TupleStream;
export interface ValueObject {
  readonly [key: string]: Value;
}
/**
 * An array. Those of the data are plain and are never written to; those that an expression makes carry `sequence`:
 * true where it stands for a result of any number of values, which collapses to the value itself where it holds one.
 */
export interface List extends ReadonlyArray<Value> {
  readonly sequence?: boolean;
  /** Does not collapse. */
  readonly keepSingleton?: boolean;
  /** Made by `[…]` at an end of a path: a path does not flatten it. */
  readonly cons?: boolean;
}
/** A list of this expression's own making. */
export interface OwnList extends Array<Value> {
  sequence: boolean;
  keepSingleton?: boolean;
  cons?: boolean;
}

export const sequenceOf = (values: Value[]): OwnList => Object.assign(values, { sequence: true });
export const ownList = (values: Value[]): OwnList => Object.assign(values, { sequence: false });

/** A row of bindings that a path hands from step to step: `@` is the value, the others are what `@$v`, `#$i`, `%` name. */
export type Tuple = Map<string, Value>;
export const VALUE = '@';
export class TupleStream {
  constructor(readonly tuples: Tuple[]) {}
}

/** Where variables are bound. A frame sees what the frames around it bind. */
export class Frame {
  private own: Map<string, Value> | undefined;
  constructor(
    private readonly outer: Frame | undefined,
    private readonly given?: ReadonlyMap<string, Value>,
    private readonly lookUp: (name: string) => Value = () => undefined,
  ) {}

  bind(name: string, value: Value): void {
    this.own ??= new Map();
    this.own.set(name, value);
  }

  lookup(name: string): Value {
    if (this.own?.has(name)) return this.own.get(name);
    if (this.given?.has(name)) return this.given.get(name);
    return this.outer ? this.outer.lookup(name) : this.lookUp(name);
  }
}

/** The library's signatures know a function by this mark. Data that bears it stays data: functions are told by class. */
abstract class AnyFunction {
  readonly _jsonata_function = true;
  /** How many arguments it is handed by `$map`, `$filter` and their like. */
  abstract readonly arity: number;
}
export class NativeFunction extends AnyFunction {
  constructor(
    readonly arity: number,
    readonly signature: Signature | undefined,
    readonly call: (args: readonly Value[], run: Run) => Value,
  ) {
    super();
  }
}
export class Lambda extends AnyFunction {
  constructor(
    readonly node: LambdaNode,
    readonly input: Value,
    readonly frame: Frame,
  ) {
    super();
  }
  get arity(): number {
    return this.node.arguments.length;
  }
}
/** What `/…/` gives: called with a text, it answers with its first match. */
export class RegexFunction extends AnyFunction {
  readonly arity = 1;
  constructor(readonly regex: RegularExpression) {
    super();
  }
}
export const HOLE = Symbol('?');
export class PartialFunction extends AnyFunction {
  constructor(
    readonly target: Exclude<FunctionValue, PartialFunction>,
    readonly given: readonly (Value | typeof HOLE)[],
  ) {
    super();
  }
  get arity(): number {
    return this.given.filter((value) => value === HOLE).length;
  }
}
export type FunctionValue = NativeFunction | Lambda | RegexFunction | PartialFunction;

export const isFunction = (value: unknown): value is FunctionValue => value instanceof AnyFunction;
export const isList = (value: unknown): value is List => Array.isArray(value);
export const isSequence = (value: Value): value is OwnList => isList(value) && value.sequence === true;
export const isObject = (value: Value): value is ValueObject =>
  typeof value === 'object' &&
  value !== null &&
  !isList(value) &&
  !isFunction(value) &&
  !(value instanceof TupleStream);
export const listOf = (value: Value): List => (isList(value) ? value : [value]);

/** Objects that an expression makes inherit nothing, so that no key of theirs means more than its value. */
export type OwnObject = Record<string, Value>;
export const newObject = (entries: Iterable<readonly [string, Value]> = []): OwnObject => {
  const object = Object.create(null) as OwnObject; // Object.create gives `any`
  for (const [key, value] of entries) object[key] = value;
  return object;
};
export const valueAt = (object: ValueObject, key: string): Value =>
  Object.hasOwn(object, key) ? object[key] : undefined;
