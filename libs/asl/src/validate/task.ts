import { EFFECT_CLASSES, type EffectClass } from '@throughline/contracts';
import type { Seconds, TaskState } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import { readCatch, readRetry } from './error-handling.ts';
import type { Fields } from './fields.ts';
import { readResource } from './resource.ts';
import {
  INPUT_OUTPUT_FIELDS,
  NAMING_FIELDS,
  readInputOutput,
  readTransition,
  TRANSITION_FIELDS,
} from './state-fields.ts';
import { readTemplate } from './template.ts';

/** The one key of a definition under which everything stands that is not Amazon's. */
const EXTENSION_FIELD = 'Throughline';
const FIELDS = [
  ...NAMING_FIELDS,
  ...INPUT_OUTPUT_FIELDS,
  'Resource',
  'Parameters',
  'ResultSelector',
  'ResultPath',
  'TimeoutSeconds',
  'TimeoutSecondsPath',
  'HeartbeatSeconds',
  'HeartbeatSecondsPath',
  'Retry',
  'Catch',
  EXTENSION_FIELD,
  ...TRANSITION_FIELDS,
];

const readSeconds = (fields: Fields, name: 'TimeoutSeconds' | 'HeartbeatSeconds'): Seconds | undefined => {
  const field = `${name}Path` as const;
  fields.allowOneOf([name, field]);
  const path = fields.path(field, 'reference');
  if (path !== undefined) return { kind: 'path', path, field };
  const seconds = fields.integer(name, 1, SECONDS_MAX);
  return seconds === undefined ? undefined : { kind: 'fixed', value: seconds };
};

const isEffectClass = (text: string): text is EffectClass => (EFFECT_CLASSES as readonly string[]).includes(text);

const readEffectClass = (fields: Fields): EffectClass | undefined => {
  const extension = fields.object(EXTENSION_FIELD);
  extension?.allowOnly(['EffectClass']);
  const text = extension?.text('EffectClass');
  if (text === undefined || isEffectClass(text)) return text;
  extension?.fault('EffectClass', 'OUT_OF_RANGE', `"EffectClass" has to be one of ${EFFECT_CLASSES.join(', ')}.`);
  return undefined;
};

const readTimes = (fields: Fields): Pick<TaskState, 'timeout' | 'heartbeat'> => {
  const timeout = readSeconds(fields, 'TimeoutSeconds');
  const heartbeat = readSeconds(fields, 'HeartbeatSeconds');
  if (timeout?.kind === 'fixed' && heartbeat?.kind === 'fixed' && heartbeat.value >= timeout.value) {
    fields.fault('HeartbeatSeconds', 'OUT_OF_RANGE', '"HeartbeatSeconds" has to be less than "TimeoutSeconds".');
  }
  return { ...(timeout && { timeout }), ...(heartbeat && { heartbeat }) };
};

export const readTask = (name: string, fields: Fields): TaskState => {
  fields.allowOnly(FIELDS);
  const { resource, effectClass } = readResource(fields);
  const parameters = readTemplate(fields, 'Parameters');
  const resultSelector = readTemplate(fields, 'ResultSelector');
  return {
    type: 'Task',
    name,
    ...fields.comment(),
    ...readInputOutput(fields),
    resource,
    ...(parameters !== undefined && { parameters }),
    ...(resultSelector !== undefined && { resultSelector }),
    resultPath: fields.pathOrNull('ResultPath', 'place'),
    ...readTimes(fields),
    retry: readRetry(fields),
    catch: readCatch(fields),
    effectClass: readEffectClass(fields) ?? effectClass,
    transition: readTransition(fields),
  };
};
