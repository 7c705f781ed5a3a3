import type { QueryLanguage, State } from '../machine.ts';
import { readChoice } from './choice.ts';
import { readFail } from './fail.ts';
import { type Fields, quoted } from './fields.ts';
import { readMap } from './map.ts';
import { readParallel } from './parallel.ts';
import { readPass } from './pass.ts';
import { readSucceed } from './succeed.ts';
import { readTask } from './task.ts';
import { readWait } from './wait.ts';

const READERS: { readonly [T in State['type']]: (name: string, fields: Fields) => State } = {
  Pass: readPass,
  Task: readTask,
  Choice: readChoice,
  Wait: readWait,
  Succeed: readSucceed,
  Fail: readFail,
  Parallel: readParallel,
  Map: readMap,
};
const isStateType = (type: string): type is State['type'] => Object.hasOwn(READERS, type);

/** Undefined where the state's type is unknown, so that nothing is known about where it leads. */
export const readState = (name: string, fields: Fields): State | undefined => {
  if (!fields.require('Type')) return undefined;
  const type = fields.text('Type');
  if (type === undefined) return undefined;
  if (isStateType(type)) return READERS[type](name, fields.within({ queryLanguage: stateLanguage(fields) }));
  const known = Object.keys(READERS).join(', ');
  fields.fault('Type', 'UNKNOWN_STATE_TYPE', `${quoted(type)} is no type of state; there are ${known}.`);
  return undefined;
};

/** The language that a machine or a state names; undefined where it names none. */
export const readQueryLanguage = (fields: Fields): QueryLanguage | undefined => {
  const language = fields.text('QueryLanguage');
  if (language === undefined || language === 'JSONPath' || language === 'JSONata') return language;
  fields.fault('QueryLanguage', 'BAD_QUERY_LANGUAGE', '"QueryLanguage" has to be "JSONPath" or "JSONata".');
  return undefined;
};

const stateLanguage = (fields: Fields): QueryLanguage => {
  const { machineLanguage } = fields.reading;
  const language = readQueryLanguage(fields) ?? machineLanguage;
  if (machineLanguage === 'JSONata' && language === 'JSONPath') {
    const message =
      'A state of a JSONata machine cannot be JSONPath; leave the machine JSONPath and set the others to JSONata.';
    fields.fault('QueryLanguage', 'BAD_QUERY_LANGUAGE', message);
  }
  return language;
};
