import { isJsonObject, type Json } from '@throughline/contracts';
import type { Template } from '../machine.ts';
import { PATH_FIELD_ENDING } from '../template.ts';
import { Fields, pointerTo } from './fields.ts';

const checkObject = (fields: Fields): void => {
  for (const [name, part] of Object.entries(fields.values)) {
    if (name.endsWith(PATH_FIELD_ENDING)) checkPathField(fields, name, part);
    else checkPart(part, pointerTo(fields.pointer, name), fields);
  }
};

const checkPathField = (fields: Fields, name: string, part: Json): void => {
  const plain = name.slice(0, -PATH_FIELD_ENDING.length);
  if (fields.has(plain)) fields.fault(name, 'DUPLICATE_FIELD', `Write either "${plain}" or "${name}", not both.`);
  if (typeof part === 'string' && part.startsWith('States.')) {
    fields.fault(name, 'NOT_RUN_BY_THIS_VERSION', 'Intrinsic functions are not run by this version.');
  } else if (typeof part !== 'string') {
    fields.fault(name, 'WRONG_TYPE', `"${name}" has to hold a path, for its name ends in "${PATH_FIELD_ENDING}".`);
  } else fields.path(name, 'any');
};

const checkPart = (part: Json, pointer: string, { scope }: Fields): void => {
  if (isJsonObject(part)) checkObject(new Fields(part, pointer, scope));
  else if (Array.isArray(part)) {
    const items = part as readonly Json[]; // isArray does not narrow to a readonly array
    items.forEach((item, i) => checkPart(item, pointerTo(pointer, i), new Fields({}, pointer, scope)));
  }
};

/** Parameters or ResultSelector. */
export const readTemplate = (fields: Fields, name: string): Template | undefined => {
  const template = fields.object(name);
  if (template) checkObject(template);
  return template?.values;
};
