import type { Catcher, Retrier } from '../machine.ts';
import { SECONDS_MAX } from '../seconds.ts';
import type { Fields } from './fields.ts';

const RETRIER_FIELDS = [
  'Comment',
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
];
const CATCHER_FIELDS = ['Comment', 'ErrorEquals', 'ResultPath', 'Next'];

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

const readJitter = (fields: Fields): Retrier['jitter'] => {
  const jitter = fields.text('JitterStrategy') ?? 'NONE';
  if (jitter === 'NONE' || jitter === 'FULL') return jitter;
  fields.fault('JitterStrategy', 'OUT_OF_RANGE', '"JitterStrategy" has to be "NONE" or "FULL".');
  return 'NONE';
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
    jitter: readJitter(fields),
  };
};

const readCatcher = (fields: Fields, isLast: boolean): Catcher => {
  fields.allowOnly(CATCHER_FIELDS);
  fields.require('Next');
  return {
    errorEquals: readErrorEquals(fields, isLast),
    resultPath: fields.pathOrNull('ResultPath', 'place'),
    next: fields.target('Next'),
  };
};

const readHandlers = <T>(
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

export const readRetry = (fields: Fields): readonly Retrier[] => readHandlers(fields, 'Retry', readRetrier);
export const readCatch = (fields: Fields): readonly Catcher[] => readHandlers(fields, 'Catch', readCatcher);
