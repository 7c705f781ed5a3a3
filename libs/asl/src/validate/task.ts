import type { TaskState } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import { readHandlers } from './error-handling.ts';
import { EXTENSION_FIELD, readTaskExtension } from './extension.ts';
import type { Fields } from './fields.ts';
import { readResource } from './resource.ts';
import { readNumber } from './sourced.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';
import { readObjectTemplate } from './template.ts';

const FIELDS = knownFields('Task', {
  both: ['Resource', 'TimeoutSeconds', 'HeartbeatSeconds', 'Credentials', 'Retry', 'Catch', EXTENSION_FIELD],
  JSONPath: ['TimeoutSecondsPath', 'HeartbeatSecondsPath'],
});
const SECONDS = { min: 1, max: SECONDS_MAX, whole: true };

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
  const extension = readTaskExtension(fields, resource);
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
    effectClass: extension.effectClass ?? effectClass,
    extension,
    transition: readTransition(fields),
  };
};
