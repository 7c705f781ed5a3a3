import type { State } from '../machine.ts';
import { readChoice } from './choice.ts';
import { readFail } from './fail.ts';
import type { Fields } from './fields.ts';
import { readPass } from './pass.ts';
import { readSucceed } from './succeed.ts';
import { readTask } from './task.ts';
import { readWait } from './wait.ts';

type RunType = Exclude<State['type'], 'Parallel' | 'Map'>;
const READERS: { readonly [T in RunType]: (name: string, fields: Fields) => State } = {
  Pass: readPass,
  Task: readTask,
  Choice: readChoice,
  Wait: readWait,
  Succeed: readSucceed,
  Fail: readFail,
};
const isStateType = (type: string): type is RunType => Object.hasOwn(READERS, type);
const LATER_TYPES: readonly string[] = ['Parallel', 'Map'];

/** Undefined where the state's type is unknown, so that nothing is known about where it leads. */
export const readState = (name: string, fields: Fields): State | undefined => {
  if (!fields.require('Type')) return undefined;
  const type = fields.text('Type');
  if (type === undefined) return undefined;
  if (isStateType(type)) {
    checkQueryLanguage(fields);
    return READERS[type](name, fields);
  }
  if (LATER_TYPES.includes(type)) {
    fields.fault('Type', 'NOT_RUN_BY_THIS_VERSION', `"${type}" states are not run by this version.`);
  } else {
    const known = Object.keys(READERS).join(', ');
    fields.fault(
      'Type',
      'UNKNOWN_STATE_TYPE',
      `"${type.slice(0, 80)}" is not a state type; this version runs ${known}.`,
    );
  }
  return undefined;
};

/** Of a machine or a state. */
export const checkQueryLanguage = (fields: Fields): void => {
  const language = fields.text('QueryLanguage');
  if (language === undefined || language === 'JSONPath') return;
  fields.fault('QueryLanguage', 'NOT_RUN_BY_THIS_VERSION', 'This version runs "JSONPath" only.');
};
