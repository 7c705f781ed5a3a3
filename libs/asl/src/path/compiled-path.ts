import { isJsonObject, type Json } from '@throughline/contracts';
import { JSONPathEnvironment, JSONPathError, type JSONPathQuery, type JSONValue } from 'json-p3';
import { parsePathSyntax, type PathRoot, type PathSegment } from './path-syntax.ts';

/** What reading a path gave. `problem` is the sentence that AWS (whose paths are Jayway's) puts into its causes. */
export type PathRead =
  { readonly found: true; readonly value: Json } | { readonly found: false; readonly problem: string };

export interface CompiledPath {
  readonly text: string;
  readonly root: PathRoot;
  /** The names and indexes of a reference path; undefined where the path may select several nodes. */
  readonly steps: readonly Step[] | undefined;
  read(data: Json): PathRead;
}

export type Step = string | number;

export type PathCompilation =
  { readonly ok: true; readonly path: CompiledPath } | { readonly ok: false; readonly problem: string };

/** More nodes than any state's data can hold usefully; bounds what one path can cost. */
const NODES_MAX = 100_000;
/** Data nested deeper than this is not searched for descendants. */
const DESCENT_MAX = 256;

const rfc9535 = new JSONPathEnvironment({ maxRecursionDepth: DESCENT_MAX });
// Both run a regular expression of the definition's author over the data: one such expression can hold a decider for hours.
rfc9535.functionRegister.delete('match');
rfc9535.functionRegister.delete('search');

const isDefinite = (segment: PathSegment): segment is Exclude<PathSegment, { kind: 'many' }> => segment.kind !== 'many';

const stepText = (step: Step): string => (typeof step === 'number' ? `[${step}]` : `['${step}']`);
const pathText = (steps: readonly Step[]): string => `$${steps.map(stepText).join('')}`;
const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

const readSteps = (steps: readonly Step[], data: Json): PathRead => {
  let value = data;
  for (const [i, step] of steps.entries()) {
    const next = childAt(value, step);
    if (next === undefined) return { found: false, problem: missingAt(steps, i, value) };
    value = next;
  }
  return { found: true, value };
};

const childAt = (value: Json, step: Step): Json | undefined => {
  if (typeof step === 'number') return isArray(value) ? value.at(step) : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
};

const missingAt = (steps: readonly Step[], i: number, value: Json): string => {
  const step = steps[i] ?? '';
  if (typeof step === 'number') {
    return isArray(value)
      ? `No results for path: ${pathText(steps)}`
      : `Filter: [${step}] can only be applied to arrays. Current context is: ${kindOf(value)}`;
  }
  if (!isJsonObject(value)) {
    return `Expected to find an object with property ['${step}'] in path ${pathText(steps.slice(0, i))} but found '${kindOf(value)}'.`;
  }
  return i === steps.length - 1
    ? `No results for path: ${pathText(steps)}`
    : `Missing property in path ${pathText(steps.slice(0, i + 1))}`;
};

const readMany = (query: JSONPathQuery, data: Json): PathRead => {
  const values: Json[] = [];
  try {
    // The casts only add and take away `readonly`: a query does not write, and its nodes hold parts of `data`.
    for (const node of query.lazyQuery(data as JSONValue)) {
      if (values.length === NODES_MAX) return { found: false, problem: `More than ${NODES_MAX} results` };
      values.push(node.value as Json);
    }
  } catch (error) {
    // Data nested beyond DESCENT_MAX; anything else is a bug.
    if (error instanceof JSONPathError) return { found: false, problem: error.message };
    throw error;
  }
  return { found: true, value: values };
};

const compileQuery = (segments: readonly PathSegment[]): JSONPathQuery | { readonly problem: string } => {
  const text = segments.map((segment) =>
    isDefinite(segment)
      ? `[${segment.kind === 'name' ? JSON.stringify(segment.name) : segment.index}]`
      : segment.rfc9535,
  );
  try {
    return rfc9535.compile(`$${text.join('')}`);
  } catch (error) {
    if (error instanceof JSONPathError) return { problem: error.message };
    throw error;
  }
};

export const compilePath = (text: string): PathCompilation => {
  const syntax = parsePathSyntax(text);
  if (!syntax.ok) return syntax;
  const { root, segments } = syntax;
  if (segments.every(isDefinite)) {
    const steps = segments.map((segment) => (segment.kind === 'name' ? segment.name : segment.index));
    return { ok: true, path: { text, root, steps, read: (data) => readSteps(steps, data) } };
  }
  const query = compileQuery(segments);
  if ('problem' in query) return { ok: false, problem: query.problem };
  return { ok: true, path: { text, root, steps: undefined, read: (data) => readMany(query, data) } };
};
