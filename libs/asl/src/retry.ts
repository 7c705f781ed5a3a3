import { matchesError } from './error-names.ts';
import type { Retrier } from './machine.ts';

/** No delay is longer than AWS allows MaxDelaySeconds to be: a year and a day. */
const DELAY_MAX_MS = 31_622_400_000;

/** The first retrier that names the error. Whether it has attempts left is the caller's count: AWS looks no further than this one. */
export const findRetrier = (
  retry: readonly Retrier[],
  error: string,
): { readonly index: number; readonly retrier: Retrier } | undefined => {
  const index = retry.findIndex((candidate) => matchesError(candidate.errorEquals, error));
  const retrier = retry[index];
  return retrier && { index, retrier };
};

/** base^exponent by squaring: multiplication is exact by IEEE 754, `Math.pow` is left to the engine by the standard. */
const power = (base: number, exponent: number): number => {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
};

/** Delay before retry number `retryNumber` (from 1) of one retrier; `random01` in [0, 1) is what FULL jitter draws. */
export const retryDelayMs = (retrier: Retrier, retryNumber: number, random01: number): number => {
  const grown = retrier.intervalMs * power(retrier.backoffRate, retryNumber - 1);
  const delay = Math.min(grown, retrier.delayMaxMs ?? DELAY_MAX_MS, DELAY_MAX_MS);
  return Math.round(retrier.jitter === 'FULL' ? delay * random01 : delay);
};
