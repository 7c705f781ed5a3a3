import type { FailState } from '../machine.ts';
import type { Fields } from './fields.ts';
import { NAMING_FIELDS } from './state-fields.ts';

const FIELDS = [...NAMING_FIELDS, 'Error', 'ErrorPath', 'Cause', 'CausePath'];

const readPath = (fields: Fields, name: 'ErrorPath' | 'CausePath') => {
  if (!fields.text(name)?.startsWith('States.')) return fields.path(name, 'reference');
  fields.fault(name, 'NOT_RUN_BY_THIS_VERSION', 'Intrinsic functions are not run by this version.');
  return undefined;
};

export const readFail = (name: string, fields: Fields): FailState => {
  fields.allowOnly(FIELDS);
  fields.allowOneOf(['Error', 'ErrorPath']);
  fields.allowOneOf(['Cause', 'CausePath']);
  const error = fields.text('Error');
  const cause = fields.text('Cause');
  const errorPath = fields.has('ErrorPath') ? readPath(fields, 'ErrorPath') : undefined;
  const causePath = fields.has('CausePath') ? readPath(fields, 'CausePath') : undefined;
  return {
    type: 'Fail',
    name,
    queryLanguage: 'JSONPath',
    ...fields.comment(),
    ...(error !== undefined && { error: { kind: 'fixed', value: error } }),
    ...(cause !== undefined && { cause: { kind: 'fixed', value: cause } }),
    ...(errorPath !== undefined && { error: { kind: 'path', path: errorPath, field: 'ErrorPath' } }),
    ...(causePath !== undefined && { cause: { kind: 'path', path: causePath, field: 'CausePath' } }),
  };
};
