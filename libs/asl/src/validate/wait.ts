import { parseInstant } from '../instant.ts';
import type { WaitState, WaitUntil } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import type { Fields } from './fields.ts';
import { readNumber, readText } from './sourced.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';

const FIELDS = knownFields('Wait', { both: ['Seconds', 'Timestamp'], JSONPath: ['SecondsPath', 'TimestampPath'] });
const SECONDS = { min: 0, max: SECONDS_MAX, whole: true };

const readUntil = (fields: Fields): WaitUntil => {
  const ways =
    fields.reading.queryLanguage === 'JSONata'
      ? ['Seconds', 'Timestamp']
      : ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];
  if (!ways.some((name) => fields.has(name))) {
    fields.fault(undefined, 'MISSING_FIELD', `Say how long to wait: one of ${ways.join(', ')}.`);
  }
  const isTimestamp = fields.has('Timestamp') || fields.has('TimestampPath');
  const isSeconds = fields.has('Seconds') || fields.has('SecondsPath');
  // A pair of one kind is refused where it is read.
  if (isTimestamp && isSeconds) fields.allowOneOf(ways);
  if (!isTimestamp) {
    return { kind: 'seconds', seconds: readNumber(fields, 'Seconds', SECONDS) ?? { kind: 'fixed', value: 0 } };
  }
  const timestamp = readText(fields, 'Timestamp') ?? { kind: 'fixed', value: '' };
  if (timestamp.kind === 'fixed' && parseInstant(timestamp.value) === undefined) {
    fields.fault('Timestamp', 'BAD_TIMESTAMP', 'Write it as RFC 3339 has it: 2026-01-31T12:00:00Z.');
  }
  return { kind: 'timestamp', timestamp };
};

export const readWait = (name: string, fields: Fields): WaitState => {
  fields.allow(FIELDS);
  return {
    type: 'Wait',
    name,
    ...fields.comment(),
    ...readDataFlow('Wait', fields),
    until: readUntil(fields),
    transition: readTransition(fields),
  };
};
