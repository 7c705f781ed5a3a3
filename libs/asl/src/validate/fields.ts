import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Fault, Flow, Path, QueryLanguage } from '../machine.ts';
import { compilePath } from '../path/compiled-path.ts';
import type { PathRoot } from '../path/path-syntax.ts';
import type { FaultCode } from './fault-codes.ts';
import { languageOf } from './query-language-fields.ts';

/** What the fields of one flow are checked against, and where their faults go. */
export interface Reading {
  readonly faults: Fault[];
  /** The machine's query language, which a state may set for itself. */
  readonly machineLanguage: QueryLanguage;
  /** The language of the state that is being read. */
  readonly queryLanguage: QueryLanguage;
  /** States of this flow: the only targets. */
  readonly stateNames: ReadonlySet<string>;
  /** Where each state read so far stands, at every depth: names are unique in the whole machine. */
  readonly statePlaces: Map<string, string>;
  readonly variables: Variables;
  /** Flows around this one. */
  readonly depth: number;
  /** Reads a flow within a state. Handed down, because a flow holds states, and states hold flows. */
  readonly readFlow: (fields: Fields, kind: FlowKind) => Flow;
}
/** The variables that a flow assigns, and those of the flows around it that it sees. */
export interface Variables {
  readonly names: ReadonlySet<string>;
  readonly outer?: Variables;
}
export type FlowKind = 'branch' | 'processor' | 'distributed-processor';

/** Enough to mend a definition by; a hostile one must not make a report larger than itself. */
export const FAULTS_MAX = 200;
/** How much of a definition's own text a fault quotes. */
const QUOTED_MAX = 200;

/** RFC 6901: the pointer to a member of what `pointer` points to. */
export const pointerTo = (pointer: string, member: string | number): string =>
  `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** How wide a path may be: `any`; `reference` names one node; `place` is a reference into the data that can be written to. */
export type PathUse = 'any' | 'reference' | 'place';

/** The fields that an object may have: in both query languages, or in one of them. */
export interface KnownFields {
  readonly both: readonly string[];
  readonly JSONPath?: readonly string[];
  readonly JSONata?: readonly string[];
}

/**
 * The fields of one JSON object of a definition. Every read checks, and notes a fault at the field's own pointer; what
 * it then returns is only good for going on checking, for a definition with faults never becomes a machine.
 */
export class Fields {
  constructor(
    readonly values: JsonObject,
    readonly pointer: string,
    readonly reading: Reading,
  ) {}

  /** The same fields, read as a part of another flow or state. */
  within(reading: Partial<Reading>): Fields {
    return new Fields(this.values, this.pointer, { ...this.reading, ...reading });
  }

  has(name: string): boolean {
    return Object.hasOwn(this.values, name);
  }

  value(name: string): Json | undefined {
    return this.has(name) ? this.values[name] : undefined;
  }

  /** Notes a fault at a field, or at the object itself. */
  fault(name: string | number | undefined, code: FaultCode, message: string): void {
    const { faults } = this.reading;
    const pointer = name === undefined ? this.pointer : pointerTo(this.pointer, name);
    if (faults.length < FAULTS_MAX) faults.push({ pointer, code, message });
  }

  /** Every field has to be one of these. */
  allowOnly(known: readonly string[]): void {
    this.allow({ both: known });
  }

  /** Every field has to be one that the object has in the query language at hand. */
  allow(known: KnownFields): void {
    const { queryLanguage } = this.reading;
    const allowed = [...known.both, ...(known[queryLanguage] ?? [])];
    const foreign = (queryLanguage === 'JSONPath' ? known.JSONata : known.JSONPath) ?? [];
    for (const name of Object.keys(this.values)) {
      if (allowed.includes(name)) continue;
      if (foreign.includes(name) || (languageOf(name) ?? queryLanguage) !== queryLanguage) this.foreign(name);
      else this.fault(name, 'UNKNOWN_FIELD', `${quoted(name)} is not a field here; allowed are ${allowed.join(', ')}.`);
    }
  }

  private foreign(name: string): void {
    const { queryLanguage } = this.reading;
    const other = queryLanguage === 'JSONPath' ? 'JSONata' : 'JSONPath';
    const instead =
      queryLanguage === 'JSONata'
        ? 'write an expression {% … %} in Arguments, Output, or the field without "Path"'
        : 'set "QueryLanguage": "JSONata" on the state, or use the fields of JSONPath';
    const message = `${quoted(name)} belongs to ${other}, and this is ${queryLanguage}: ${instead}.`;
    this.fault(name, 'WRONG_QUERY_LANGUAGE', message);
  }

  /** Fields that say the same thing. */
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

  /** One of a few texts; the first where the field is absent. */
  oneOf<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
    const text = this.text(name);
    const found = allowed.find((candidate) => candidate === text);
    if (text !== undefined && found === undefined) {
      this.fault(name, 'OUT_OF_RANGE', `"${name}" has to be one of ${allowed.join(', ')}.`);
    }
    return found ?? allowed[0];
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
    if (isJsonObject(value)) return new Fields(value, pointerTo(this.pointer, name), this.reading);
    this.fault(name, 'WRONG_TYPE', `"${name}" has to be an object.`);
    return undefined;
  }

  /** The objects of an array; what is no object is noted and left out. */
  objects(name: string): readonly Fields[] {
    const items = this.list(name);
    const pointer = pointerTo(this.pointer, name);
    return items.flatMap((item, i) => {
      if (isJsonObject(item)) return [new Fields(item, pointerTo(pointer, i), this.reading)];
      new Fields({}, pointer, this.reading).fault(i, 'WRONG_TYPE', 'This has to be an object.');
      return [];
    });
  }

  /** The strings of an array; what is none is noted and left out. */
  texts(name: string): readonly string[] {
    const items = this.list(name);
    const texts = items.filter((item) => typeof item === 'string' && item !== '');
    if (texts.length < items.length)
      this.fault(name, 'WRONG_TYPE', `"${name}" has to hold strings that are not empty.`);
    return texts as readonly string[]; // filtered above
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
    if (problem !== undefined) this.fault(name, 'BAD_PATH', `${quoted(text)} cannot be used here: ${problem}.`);
    // The brand says that the text compiles; where it does not, a fault was noted and no machine is made of it.
    return text as Path;
  }

  /** A path, or null for "discard"; the whole (`$`) where the field is absent. */
  pathOrNull(name: string, use: PathUse): Path | null {
    if (this.value(name) === null) return null;
    return this.path(name, use) ?? WHOLE;
  }

  /** The name of another state of the flow. */
  target(name: string): string {
    const target = this.text(name);
    if (target !== undefined && !this.reading.stateNames.has(target)) {
      const elsewhere = this.reading.depth > 0 ? ' in this flow; a state cannot lead out of it or into another' : '';
      this.fault(name, 'MISSING_TARGET', `There is no state ${quoted(target)}${elsewhere}.`);
    }
    return target ?? '';
  }
}

export const WHOLE = '$' as Path; // `$` always compiles

/** A piece of the definition's own text, shortened. */
export const quoted = (text: string): string => `"${text.slice(0, QUOTED_MAX)}"`;

const unfit = (path: { root: PathRoot; steps: readonly (string | number)[] | undefined }, use: PathUse) => {
  if (use === 'any') return undefined;
  if (!path.steps) return 'it may select several nodes, and here it has to name one';
  if (use === 'reference') return undefined;
  if (path.root.kind !== 'data') return 'only the data can be written to, not the context object or a variable';
  return path.steps.some((step) => typeof step === 'number' && step < 0) ? 'an index here counts from 0' : undefined;
};
