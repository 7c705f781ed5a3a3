import { StepError } from '@throughline/worker-sdk';
import type { Failure, TargetOptions } from '../targets/target.ts';

export const HTTP_ERRORS = {
  /** AWS's name for a step whose connection failed, or that got no whole answer in its time. */
  socket: 'States.Http.Socket',
} as const;

/** What says that the target is in trouble, and not that it did not like this one request. */
const OF_TARGET = /^States\.Http\.(Socket|StatusCode\.(429|5\d\d))$/;

export const httpFailure: TargetOptions['failureOf'] = (outcome): Failure | undefined => {
  const thrown = 'thrown' in outcome ? outcome.thrown : undefined;
  return thrown instanceof StepError && OF_TARGET.test(thrown.errorName)
    ? { error: thrown.errorName, cause: thrown.message }
    : undefined;
};
