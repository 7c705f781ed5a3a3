import type { PassState } from '../machine.ts';
import type { Fields } from './fields.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';

const FIELDS = knownFields('Pass', { both: [], JSONPath: ['Result'] });

export const readPass = (name: string, fields: Fields): PassState => {
  fields.allow(FIELDS);
  const result = fields.value('Result');
  return {
    type: 'Pass',
    name,
    ...fields.comment(),
    ...readDataFlow('Pass', fields),
    ...(result !== undefined && { result }),
    transition: readTransition(fields),
  };
};
