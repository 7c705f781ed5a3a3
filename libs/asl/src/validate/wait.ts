import { parseInstant } from '../instant.ts';
import type { WaitState, WaitUntil } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import type { Fields } from './fields.ts';
import {
  INPUT_OUTPUT_FIELDS,
  NAMING_FIELDS,
  readInputOutput,
  readTransition,
  TRANSITION_FIELDS,
} from './state-fields.ts';

const UNTIL_FIELDS = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];
const FIELDS = [...NAMING_FIELDS, ...INPUT_OUTPUT_FIELDS, ...UNTIL_FIELDS, ...TRANSITION_FIELDS];

const readUntil = (fields: Fields): WaitUntil => {
  fields.allowOneOf(UNTIL_FIELDS);
  const secondsPath = fields.path('SecondsPath', 'reference');
  if (secondsPath !== undefined)
    return { kind: 'seconds', seconds: { kind: 'path', path: secondsPath, field: 'SecondsPath' } };
  const timestampPath = fields.path('TimestampPath', 'reference');
  if (timestampPath !== undefined)
    return { kind: 'timestamp', timestamp: { kind: 'path', path: timestampPath, field: 'TimestampPath' } };
  const at = fields.text('Timestamp');
  if (at !== undefined) {
    if (parseInstant(at) === undefined) {
      fields.fault('Timestamp', 'BAD_TIMESTAMP', 'Write it as RFC 3339 has it: 2026-01-31T12:00:00Z.');
    }
    return { kind: 'timestamp', timestamp: { kind: 'fixed', value: at } };
  }
  if (!UNTIL_FIELDS.some((name) => fields.has(name))) {
    fields.fault(undefined, 'MISSING_FIELD', `Say how long to wait: one of ${UNTIL_FIELDS.join(', ')}.`);
  }
  return { kind: 'seconds', seconds: { kind: 'fixed', value: fields.integer('Seconds', 0, SECONDS_MAX) ?? 0 } };
};

export const readWait = (name: string, fields: Fields): WaitState => {
  fields.allowOnly(FIELDS);
  return {
    type: 'Wait',
    name,
    ...fields.comment(),
    ...readInputOutput(fields),
    until: readUntil(fields),
    transition: readTransition(fields),
  };
};
