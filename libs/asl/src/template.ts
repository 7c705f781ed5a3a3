import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, type Failed, failedWith } from './evaluated.ts';
import { evaluateIntrinsic } from './intrinsics/evaluate.ts';
import { isIntrinsic } from './intrinsics/syntax.ts';
import type { Path, Template } from './machine.ts';
import { readPath } from './path/read-path.ts';
import type { Scope } from './scope.ts';

/** A template's field of this ending holds a path or a call of an intrinsic function; its value goes to the field without the ending. */
export const PATH_FIELD_ENDING = '.$';

/** AWS's sentence for a path that finds nothing where a field's value was to come from. */
export const pathNotFound = (path: string, field: string, data: Json): Failed =>
  failedWith(
    'States.Runtime',
    `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${JSON.stringify(data)}'`,
  );

/** What a path finds or an intrinsic function gives; the text has passed validation. */
export const readReference = (text: string, field: string, data: Json, scope: Scope): Evaluated => {
  if (isIntrinsic(text)) return evaluateIntrinsic(text, data, scope);
  const read = readPath(text as Path, data, scope); // validation lets nothing but paths and calls in here
  return read.found ? evaluatedTo(read.value) : pathNotFound(text, field, data);
};

const fillObject = (template: JsonObject, data: Json, scope: Scope): Evaluated => {
  let changed = false;
  const fields: [string, Json][] = [];
  for (const [name, part] of Object.entries(template)) {
    if (name.endsWith(PATH_FIELD_ENDING)) {
      const read = readReference(part as string, name, data, scope); // validation lets nothing but texts in here
      if (!read.ok) return read;
      fields.push([name.slice(0, -PATH_FIELD_ENDING.length), read.value]);
      changed = true;
      continue;
    }
    const filled = fillTemplate(part, data, scope);
    if (!filled.ok) return filled;
    changed ||= filled.value !== part;
    fields.push([name, filled.value]);
  }
  return evaluatedTo(changed ? Object.fromEntries(fields) : template);
};

const fillArray = (template: readonly Json[], data: Json, scope: Scope): Evaluated => {
  const items: Json[] = [];
  for (const part of template) {
    const filled = fillTemplate(part, data, scope);
    if (!filled.ok) return filled;
    items.push(filled.value);
  }
  return evaluatedTo(items.some((item, i) => item !== template[i]) ? items : template);
};

/** Parameters, ResultSelector, …: the template with its paths read and its functions called. A part without paths comes back as it stands. */
export const fillTemplate = (template: Template, data: Json, scope: Scope): Evaluated => {
  if (isJsonObject(template)) return fillObject(template, data, scope);
  if (Array.isArray(template)) return fillArray(template as readonly Json[], data, scope);
  return evaluatedTo(template);
};
