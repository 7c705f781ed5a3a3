import { isJsonObject, type Json } from '@throughline/contracts';
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import type { Fault } from './machine.ts';
import type { FaultCode } from './validate/fault-codes.ts';
import { NESTING_MAX, utf8Bytes } from './validate/size.ts';

export type ReadDefinition =
  { readonly ok: true; readonly definition: Json } | { readonly ok: false; readonly faults: readonly Fault[] };

/** A definition may have 1 MB; the rest is for what stands around it, and for comments. */
const TEXT_BYTES_MAX = 1.5 * 1024 * 1024;
/** YAML takes many times as long to read as JSON; more than this would hold up whoever else waits for the process. */
const YAML_BYTES_MAX = 512 * 1024;
/** The definition stands in what a route takes. */
const TEXT_NESTING_MAX = NESTING_MAX + 20;
const ALIASES_MAX = 100;

const refused = (code: FaultCode, message: string): ReadDefinition => ({
  ok: false,
  faults: [{ pointer: '', code, message }],
});

/** JSON or YAML 1.2 (core schema, one document, no tags of one's own) as the JSON value that it stands for. */
export const readDefinitionText = (text: string): ReadDefinition => {
  if (isLargerThan(TEXT_BYTES_MAX, text)) {
    return refused('TOO_LARGE', `The text may have ${TEXT_BYTES_MAX} bytes; this one has more.`);
  }
  const json = jsonOf(text);
  return json === undefined ? readYaml(text) : bounded(json);
};

const isLargerThan = (max: number, text: string): boolean => text.length > max || utf8Bytes(text) > max;

const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json; // what JSON.parse gives is JSON
  } catch {
    return undefined;
  }
};

const readYaml = (text: string): ReadDefinition => {
  if (isLargerThan(YAML_BYTES_MAX, text)) {
    const sizes = `YAML may have ${YAML_BYTES_MAX} bytes, JSON ${TEXT_BYTES_MAX}`;
    return refused('TOO_LARGE', `The text is not JSON. ${sizes}: write it as JSON.`);
  }
  if (isOfOtherVersion(text)) return refused('BAD_YAML', 'Only YAML 1.2 is read; remove the %YAML directive.');
  let value: unknown;
  try {
    value = load(text, { schema: CORE_SCHEMA, maxDepth: TEXT_NESTING_MAX, maxAliases: ALIASES_MAX });
  } catch (error) {
    // Anything else is a bug.
    if (!(error instanceof YAMLException)) throw error;
    return refused('BAD_YAML', problemOf(error));
  }
  // The core schema gives null, booleans, numbers, texts, arrays and objects. Aliases may stand in them: see below.
  return bounded(value as Json);
};

/** Directives stand before the first line of the document; "no" is false in YAML 1.1. */
const isOfOtherVersion = (text: string): boolean => {
  const start = text.search(/^[^%#\s]/m);
  return /^%YAML[ \t]+(?!1\.2\s)/m.test(start < 0 ? text : text.slice(0, start));
};

const problemOf = ({ reason, mark }: YAMLException): string => {
  const place = mark ? `line ${mark.line + 1}, column ${mark.column + 1}: ` : '';
  return `Neither JSON nor YAML: ${place}${reason.slice(0, 300)}.`;
};

/**
 * An alias makes one value stand in several places, even within itself. Written out as JSON, the value may not be
 * larger than a text may be.
 */
const bounded = (definition: Json): ReadDefinition => {
  const room = { left: TEXT_BYTES_MAX };
  const problem = problemWith(definition, room, 0);
  return problem ?? { ok: true, definition };
};

const problemWith = (value: Json, room: { left: number }, depth: number): ReadDefinition | undefined => {
  room.left -= typeof value === 'string' ? value.length : 1;
  if (room.left < 0) return refused('TOO_LARGE', 'Aliases make the definition too large: write out less by them.');
  if (depth > TEXT_NESTING_MAX) {
    return refused('TOO_DEEP', `A definition may be nested ${NESTING_MAX} levels deep, and hold no alias of itself.`);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return refused(
      'BAD_YAML',
      'A number is endless (".inf", ".nan", 1e999): JSON has none; write a finite one or a text.',
    );
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    if (isJsonObject(value)) room.left -= key.length;
    const problem = problemWith(part, room, depth + 1);
    if (problem) return problem;
  }
  return undefined;
};
