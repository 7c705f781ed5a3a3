import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Fault, Path } from '../machine.ts';
import { compilePath } from '../path/compiled-path.ts';

/** What the fields of one machine are checked against, and where their faults go. */
export interface Scope {
  readonly stateNames: ReadonlySet<string>;
  readonly faults: Fault[];
}

/** Enough to mend a definition by; a hostile one must not make a report larger than itself. */
export const FAULTS_MAX = 200;

/** RFC 6901: the pointer to a member of what `pointer` points to. */
export const pointerTo = (pointer: string, member: string | number): string =>
  `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Parts of the language that this version refuses, so nothing runs that is not run as written. */
const LATER_FIELDS: ReadonlySet<string> = new Set([
  'Arguments',
  'Assign',
  'Condition',
  'Credentials',
  'Items',
  'Output',
  'QueryLanguage',
]);

/** How wide a path may be: `any`; `reference` names one node; `place` is a reference into the data that can be written to. */
export type PathUse = 'any' | 'reference' | 'place';

/**
 * The fields of one JSON object of a definition. Every read checks, and notes a fault at the field's own pointer; what
 * it then returns is only good for going on checking, for a definition with faults never becomes a machine.
 */
export class Fields {
  constructor(
    readonly values: JsonObject,
    readonly pointer: string,
    readonly scope: Scope,
  ) {}

  has(name: string): boolean {
    return Object.hasOwn(this.values, name);
  }

  value(name: string): Json | undefined {
    return this.has(name) ? this.values[name] : undefined;
  }

  /** Notes a fault at a field, or at the object itself. */
  fault(name: string | undefined, code: string, message: string): void {
    const pointer = name === undefined ? this.pointer : pointerTo(this.pointer, name);
    if (this.scope.faults.length < FAULTS_MAX) this.scope.faults.push({ pointer, code, message });
  }

  /** Every field has to be one of these. */
  allowOnly(known: readonly string[]): void {
    for (const name of Object.keys(this.values)) {
      if (known.includes(name)) continue;
      if (LATER_FIELDS.has(name)) {
        this.fault(name, 'NOT_RUN_BY_THIS_VERSION', `"${name}" is not run by this version; remove it.`);
      } else {
        this.fault(name, 'UNKNOWN_FIELD', `"${name}" is not a field here; allowed are ${known.join(', ')}.`);
      }
    }
  }

  /** Two fields that say the same thing. */
  allowOneOf(names: readonly string[]): void {
    const present = names.filter((name) => this.has(name));
    for (const name of present.slice(1)) {
      this.fault(name, 'DUPLICATE_FIELD', `Write either "${present[0]}" or "${name}", not both.`);
    }
  }

  require(name: string): boolean {
    if (!this.has(name)) this.fault(undefined, 'MISSING_FIELD', `"${name}" is missing.`);
    return this.has(name);
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'string') return value;
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be a string.`);
    return undefined;
  }

  comment(): { readonly comment?: string } {
    const comment = this.text('Comment');
    return comment === undefined ? {} : { comment };
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be true or false.`);
    return undefined;
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') this.fault(name, 'WRONG_TYPE', `"${name}" has to be a number.`);
    else if (value < min || value > max) this.fault(name, 'OUT_OF_RANGE', `"${name}" has to be ${min} to ${max}.`);
    else return value;
    return undefined;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.value(name);
    if (typeof value !== 'number' || Number.isInteger(value)) return this.number(name, min, max);
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be a whole number.`);
    return undefined;
  }

  object(name: string): Fields | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return new Fields(value, pointerTo(this.pointer, name), this.scope);
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be an object.`);
    return undefined;
  }

  /** The objects of an array; what is no object is noted and left out. */
  objects(name: string): readonly Fields[] {
    const items = this.list(name);
    const pointer = pointerTo(this.pointer, name);
    return items.flatMap((item, i) => {
      if (isJsonObject(item)) return [new Fields(item, pointerTo(pointer, i), this.scope)];
      new Fields({}, pointerTo(pointer, i), this.scope).fault(undefined, 'WRONG_TYPE', 'This has to be an object.');
      return [];
    });
  }

  list(name: string): readonly Json[] {
    const value = this.value(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value as readonly Json[]; // isArray does not narrow to a readonly array
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be an array.`);
    return [];
  }

  path(name: string, use: PathUse): Path | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const compilation = compilePath(text);
    const problem = compilation.ok ? unfit(compilation.path, use) : compilation.problem;
    if (problem !== undefined) this.fault(name, 'BAD_PATH', `"${text.slice(0, 200)}" cannot be used here: ${problem}.`);
    // The brand says that the text compiles; where it does not, a fault was noted and no machine is made of it.
    return text as Path;
  }

  /** A path, or null for "discard"; the whole (`$`) where the field is absent. */
  pathOrNull(name: string, use: PathUse): Path | null {
    if (this.value(name) === null) return null;
    return this.path(name, use) ?? ('$' as Path); // `$` always compiles
  }

  /** The name of another state of the machine. */
  target(name: string): string {
    const target = this.text(name);
    if (target !== undefined && !this.scope.stateNames.has(target)) {
      this.fault(name, 'MISSING_TARGET', `There is no state "${target.slice(0, 200)}".`);
    }
    return target ?? '';
  }
}

const unfit = (path: { root: string; steps: readonly (string | number)[] | undefined }, use: PathUse) => {
  if (use === 'any') return undefined;
  if (!path.steps) return 'it may select several nodes, and here it has to name one';
  if (use === 'reference') return undefined;
  if (path.root === '$$') return 'the context object cannot be written to';
  return path.steps.some((step) => typeof step === 'number' && step < 0) ? 'an index here counts from 0' : undefined;
};
