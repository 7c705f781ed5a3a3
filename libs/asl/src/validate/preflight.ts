import { isJsonObject, type Json } from '@throughline/contracts';
import type { MachineExtension, TaskExtension } from '../extension.ts';
import type { Fields } from './fields.ts';

/** What a definition counts on before it can run: looked at by a preflight. */
export const MACHINE_PREFLIGHT = ['InputSchema', 'Preflight', 'Secrets', 'RequiredRoles'];
export const TASK_PREFLIGHT = ['Secrets', 'RequiredRoles'];

type OfMachine = Pick<MachineExtension, 'inputSchema' | 'preflight' | 'secrets' | 'requiredRoles'>;
type OfTask = Pick<TaskExtension, 'secrets' | 'requiredRoles'>;

const NAMES_MAX = 50;
const ROLE = /^[A-Za-z0-9._-]{1,64}$/;
const SECRET = /^secret:\/\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const readMachinePreflight = (extension: Fields): OfMachine => {
  const inputSchema = readSchema(extension);
  const required = extension.has('Preflight') && extension.oneOf('Preflight', ['required']);
  return {
    ...(inputSchema !== undefined && { inputSchema }),
    ...(required === 'required' && { preflight: required }),
    ...readTaskPreflight(extension),
  };
};

export const readTaskPreflight = (extension: Fields | undefined): OfTask => {
  const secrets = names(extension, 'Secrets', SECRET, 'secret://<name>');
  const requiredRoles = names(extension, 'RequiredRoles', ROLE, 'names of roles: A-Z a-z 0-9 . _ -');
  return { ...(secrets && { secrets }), ...(requiredRoles && { requiredRoles }) };
};

/** Whether it is a schema that can be compiled, a preflight says: this only keeps out what is none at all. */
const readSchema = (extension: Fields): Json | undefined => {
  const schema = extension.value('InputSchema');
  if (schema === undefined || isJsonObject(schema) || typeof schema === 'boolean') return schema;
  extension.fault('InputSchema', 'WRONG_TYPE', '"InputSchema" has to be a JSON Schema: an object, true or false.');
  return undefined;
};

const names = (
  fields: Fields | undefined,
  name: string,
  pattern: RegExp,
  what: string,
): readonly string[] | undefined => {
  if (fields?.has(name) !== true) return undefined;
  const given = [...new Set(fields.texts(name))];
  if (given.length > NAMES_MAX) fields.fault(name, 'OUT_OF_RANGE', `"${name}" may have ${NAMES_MAX} entries.`);
  if (given.some((text) => !pattern.test(text))) {
    fields.fault(name, 'OUT_OF_RANGE', `"${name}" has to hold ${what}.`);
  }
  return given;
};
