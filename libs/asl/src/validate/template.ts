import { isJsonObject, type Json } from '@throughline/contracts';
import type { Template } from '../machine.ts';
import { PATH_FIELD_ENDING } from '../template.ts';
import { checkJsonata, looksLikeJsonata, readPathOrIntrinsic } from './expressions.ts';
import { Fields, pointerTo } from './fields.ts';

/** The fields of an object that is part of a payload. */
export const checkTemplateFields = (fields: Fields): void => {
  for (const [name, part] of Object.entries(fields.values)) {
    if (fields.reading.queryLanguage === 'JSONPath' && name.endsWith(PATH_FIELD_ENDING)) {
      checkPathField(fields, name, part);
    } else checkPart(fields, name, part);
  }
};

const checkPathField = (fields: Fields, name: string, part: Json): void => {
  const plain = name.slice(0, -PATH_FIELD_ENDING.length);
  if (fields.has(plain)) fields.fault(name, 'DUPLICATE_FIELD', `Write either "${plain}" or "${name}", not both.`);
  if (typeof part === 'string') readPathOrIntrinsic(fields, name, 'any');
  else fields.fault(name, 'WRONG_TYPE', `"${name}" has to hold a path, for its name ends in "${PATH_FIELD_ENDING}".`);
};

/** A member of an object or array; `fields` stands for what holds it. */
const checkPart = (fields: Fields, name: string | number, part: Json): void => {
  const pointer = pointerTo(fields.pointer, name);
  if (isJsonObject(part)) checkTemplateFields(new Fields(part, pointer, fields.reading));
  else if (Array.isArray(part)) {
    const list = new Fields({}, pointer, fields.reading);
    (part as readonly Json[]).forEach((item, i) => checkPart(list, i, item)); // isArray does not narrow to a readonly array
  } else if (typeof part === 'string' && fields.reading.queryLanguage === 'JSONata' && looksLikeJsonata(part)) {
    checkJsonata(fields, name, part);
  }
};

/** A payload: an object in JSONPath; in JSONata any JSON, at any depth of which expressions may stand. */
export const readTemplate = (fields: Fields, name: string): Template | undefined => {
  const value = fields.value(name);
  if (value === undefined) return undefined;
  if (fields.reading.queryLanguage === 'JSONPath' && !isJsonObject(value)) {
    fields.fault(name, 'WRONG_TYPE', `"${name}" has to be an object.`);
  } else checkPart(fields, name, value);
  return value;
};

/** As `readTemplate`, for fields that take an object or, in JSONata, an expression that gives one. */
export const readObjectTemplate = (fields: Fields, name: string): Template | undefined => {
  const value = fields.value(name);
  const isExpression =
    fields.reading.queryLanguage === 'JSONata' && typeof value === 'string' && looksLikeJsonata(value);
  if (value === undefined || isJsonObject(value) || isExpression) return readTemplate(fields, name);
  fields.fault(name, 'WRONG_TYPE', `"${name}" has to be an object.`);
  return undefined;
};
