import type { FailState, Sourced } from '../machine.ts';
import { readPathOrIntrinsic } from './expressions.ts';
import type { Fields } from './fields.ts';
import { readText } from './sourced.ts';
import { FAIL_FIELDS } from './state-fields.ts';

/** Here, and in no other field of this kind, an intrinsic function may stand for the path. */
const readTextOrIntrinsic = <F extends 'Error' | 'Cause'>(fields: Fields, name: F): Sourced<string, F> | undefined => {
  const field = `${name}Path` as const;
  if (fields.reading.queryLanguage === 'JSONata' || !fields.text(field)?.startsWith('States.')) {
    return readText(fields, name);
  }
  fields.allowOneOf([name, field]);
  const path = readPathOrIntrinsic(fields, field, 'any');
  return path && { kind: 'path', path, field };
};

export const readFail = (name: string, fields: Fields): FailState => {
  fields.allow(FAIL_FIELDS);
  const error = readTextOrIntrinsic(fields, 'Error');
  const cause = readTextOrIntrinsic(fields, 'Cause');
  return {
    type: 'Fail',
    name,
    queryLanguage: fields.reading.queryLanguage,
    ...fields.comment(),
    ...(error && { error }),
    ...(cause && { cause }),
  };
};
