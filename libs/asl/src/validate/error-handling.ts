import type { Catcher, Retrier } from '../machine.ts';
import { readAssign } from './assign.ts';
import { SECONDS_MAX } from '../seconds.ts';
import { type Fields, WHOLE } from './fields.ts';
import { readTemplate } from './template.ts';

const RETRIER_FIELDS = [
  'Comment',
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
];
const CATCHER_FIELDS = {
  both: ['Comment', 'ErrorEquals', 'Next', 'Assign'],
  JSONPath: ['ResultPath'],
  JSONata: ['Output'],
};

/** As AWS bounds them. */
const MAX_ATTEMPTS_MAX = 99_999_999;
const MAX_DELAY_SECONDS_MAX = 31_622_400;
const BACKOFF_RATE_MAX = 1_000_000;
const HANDLERS_MAX = 1_000;

const readErrorEquals = (fields: Fields, isLast: boolean): readonly string[] => {
  if (!fields.require('ErrorEquals')) return [];
  const given = fields.list('ErrorEquals');
  const names = given.filter((name): name is string => typeof name === 'string');
  if (names.length === 0 || names.length < given.length) {
    fields.fault('ErrorEquals', 'WRONG_TYPE', '"ErrorEquals" has to hold one error name or more, all of them strings.');
  }
  if (!names.includes('States.ALL')) return names;
  if (names.length > 1) fields.fault('ErrorEquals', 'BAD_STATES_ALL', '"States.ALL" has to stand alone.');
  if (!isLast) fields.fault('ErrorEquals', 'BAD_STATES_ALL', '"States.ALL" takes every error, so it has to come last.');
  return names;
};

const readRetrier = (fields: Fields, isLast: boolean): Retrier => {
  fields.allowOnly(RETRIER_FIELDS);
  const maxDelaySeconds = fields.integer('MaxDelaySeconds', 1, MAX_DELAY_SECONDS_MAX);
  return {
    errorEquals: readErrorEquals(fields, isLast),
    intervalMs: (fields.integer('IntervalSeconds', 1, SECONDS_MAX) ?? 1) * 1_000,
    attemptsMax: fields.integer('MaxAttempts', 0, MAX_ATTEMPTS_MAX) ?? 3,
    backoffRate: fields.number('BackoffRate', 1, BACKOFF_RATE_MAX) ?? 2,
    ...(maxDelaySeconds !== undefined && { delayMaxMs: maxDelaySeconds * 1_000 }),
    jitter: fields.oneOf('JitterStrategy', ['NONE', 'FULL']),
  };
};

const readCatcher = (fields: Fields, isLast: boolean): Catcher => {
  fields.allow(CATCHER_FIELDS);
  fields.require('Next');
  const isJsonata = fields.reading.queryLanguage === 'JSONata';
  const output = isJsonata ? readTemplate(fields, 'Output') : undefined;
  return {
    errorEquals: readErrorEquals(fields, isLast),
    resultPath: isJsonata ? WHOLE : fields.pathOrNull('ResultPath', 'place'),
    ...(output !== undefined && { output }),
    ...readAssign(fields),
    next: fields.target('Next'),
  };
};

const readEach = <T>(
  fields: Fields,
  name: 'Retry' | 'Catch',
  read: (fields: Fields, isLast: boolean) => T,
): readonly T[] => {
  const handlers = fields.objects(name);
  if (handlers.length > HANDLERS_MAX) {
    fields.fault(name, 'OUT_OF_RANGE', `"${name}" may have ${HANDLERS_MAX} entries.`);
    return [];
  }
  return handlers.map((handler, i) => read(handler, i === handlers.length - 1));
};

/** Of the states that can fail and be tried again: Task, Parallel, Map. */
export const readHandlers = (fields: Fields) => ({
  retry: readEach(fields, 'Retry', readRetrier),
  catch: readEach(fields, 'Catch', readCatcher),
});
