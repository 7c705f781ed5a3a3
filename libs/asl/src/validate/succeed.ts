import type { SucceedState } from '../machine.ts';
import type { Fields } from './fields.ts';
import { knownFields, readDataFlow } from './state-fields.ts';

const FIELDS = knownFields('Succeed', { both: [] });

export const readSucceed = (name: string, fields: Fields): SucceedState => {
  fields.allow(FIELDS);
  return { type: 'Succeed', name, ...fields.comment(), ...readDataFlow('Succeed', fields) };
};
