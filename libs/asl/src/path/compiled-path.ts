import { isJsonObject, type Json } from '@throughline/contracts';
import { JSONPathEnvironment, JSONPathError, type JSONPathQuery } from 'json-p3';
import { CostExceeded, type CostMeter } from '../cost-meter.ts';
import { parsePathSyntax, type PathRoot, type PathSegment } from './path-syntax.ts';
import { QueryStopped, runQuery } from './run-query.ts';

/** What reading a path gave. `problem` is the sentence that AWS (whose paths are Jayway's) puts into its causes. */
export type PathRead =
  { readonly found: true; readonly value: Json } | { readonly found: false; readonly problem: string };

export interface CompiledPath {
  readonly text: string;
  readonly root: PathRoot;
  /** The names and indexes of a reference path; undefined where the path may select several nodes. */
  readonly steps: readonly Step[] | undefined;
  /** A path that may select several nodes charges for each that it visits. */
  read(data: Json, meter: CostMeter): PathRead;
}

export type Step = string | number;

export type PathCompilation =
  { readonly ok: true; readonly path: CompiledPath } | { readonly ok: false; readonly problem: string };

const rfc9535 = new JSONPathEnvironment();
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

const readMany = (query: JSONPathQuery, data: Json, meter: CostMeter): PathRead => {
  try {
    return { found: true, value: runQuery(query, data, meter) };
  } catch (error) {
    if (error instanceof QueryStopped) return { found: false, problem: error.message };
    if (error instanceof CostExceeded)
      return { found: false, problem: 'The paths of this state visit too much of the data' };
    throw error;
  }
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
  return { ok: true, path: { text, root, steps: undefined, read: (data, meter) => readMany(query, data, meter) } };
};
