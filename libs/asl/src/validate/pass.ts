import type { PassState } from '../machine.ts';
import type { Fields } from './fields.ts';
import {
  INPUT_OUTPUT_FIELDS,
  NAMING_FIELDS,
  readInputOutput,
  readTransition,
  TRANSITION_FIELDS,
} from './state-fields.ts';
import { readTemplate } from './template.ts';

const FIELDS = [...NAMING_FIELDS, ...INPUT_OUTPUT_FIELDS, 'Parameters', 'Result', 'ResultPath', ...TRANSITION_FIELDS];

export const readPass = (name: string, fields: Fields): PassState => {
  fields.allowOnly(FIELDS);
  const parameters = readTemplate(fields, 'Parameters');
  const result = fields.value('Result');
  return {
    type: 'Pass',
    name,
    ...fields.comment(),
    ...readInputOutput(fields),
    ...(parameters !== undefined && { parameters }),
    ...(result !== undefined && { result }),
    resultPath: fields.pathOrNull('ResultPath', 'place'),
    transition: readTransition(fields),
  };
};
