import type { SucceedState } from '../machine.ts';
import type { Fields } from './fields.ts';
import { INPUT_OUTPUT_FIELDS, NAMING_FIELDS, readInputOutput } from './state-fields.ts';

const FIELDS = [...NAMING_FIELDS, ...INPUT_OUTPUT_FIELDS];

export const readSucceed = (name: string, fields: Fields): SucceedState => {
  fields.allowOnly(FIELDS);
  return { type: 'Succeed', name, ...fields.comment(), ...readInputOutput(fields) };
};
