import { EFFECT_CLASSES, type EffectClass } from '@throughline/contracts';
import type { TaskState } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import { readHandlers } from './error-handling.ts';
import type { Fields } from './fields.ts';
import { readResource } from './resource.ts';
import { readNumber } from './sourced.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';
import { readObjectTemplate } from './template.ts';

/** The one key of a definition under which everything stands that is not Amazon's. */
const EXTENSION_FIELD = 'Throughline';
const FIELDS = knownFields('Task', {
  both: ['Resource', 'TimeoutSeconds', 'HeartbeatSeconds', 'Credentials', 'Retry', 'Catch', EXTENSION_FIELD],
  JSONPath: ['TimeoutSecondsPath', 'HeartbeatSecondsPath'],
});
const SECONDS = { min: 1, max: SECONDS_MAX, whole: true };

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
  const timeout = readNumber(fields, 'TimeoutSeconds', SECONDS);
  const heartbeat = readNumber(fields, 'HeartbeatSeconds', SECONDS);
  if (timeout?.kind === 'fixed' && heartbeat?.kind === 'fixed' && heartbeat.value >= timeout.value) {
    fields.fault('HeartbeatSeconds', 'OUT_OF_RANGE', '"HeartbeatSeconds" has to be less than "TimeoutSeconds".');
  }
  return { ...(timeout && { timeout }), ...(heartbeat && { heartbeat }) };
};

export const readTask = (name: string, fields: Fields): TaskState => {
  fields.allow(FIELDS);
  const { resource, effectClass } = readResource(fields);
  const credentials = readObjectTemplate(fields, 'Credentials');
  return {
    type: 'Task',
    name,
    ...fields.comment(),
    ...readDataFlow('Task', fields),
    resource,
    ...readTimes(fields),
    ...(credentials !== undefined && { credentials }),
    ...readHandlers(fields),
    effectClass: readEffectClass(fields) ?? effectClass,
    transition: readTransition(fields),
  };
};
