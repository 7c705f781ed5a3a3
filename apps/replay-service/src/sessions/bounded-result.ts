import type { Json, LogVerdict, ReplayResult } from '@throughline/contracts';

/** A result goes into one commit, and states hold up to 256 KiB each. */
const VALUE_CHARS_MAX = 4_096;
/** Of each of the aggregates that a session of everything names. */
const NAMED_VALUE_CHARS_MAX = 512;
const RESULT_CHARS_MAX = 200_000;

/** Long values are shown by their beginning. */
const boundedValue = (value: Json | undefined, charsMax: number): Json => {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length <= charsMax ? value : `${text.slice(0, charsMax)}… (${text.length} characters)`;
};

const bounded = <D extends { readonly expected?: Json; readonly actual?: Json }>(
  difference: D,
  charsMax = VALUE_CHARS_MAX,
): D =>
  'expected' in difference || 'actual' in difference
    ? {
        ...difference,
        expected: boundedValue(difference.expected, charsMax),
        actual: boundedValue(difference.actual, charsMax),
      }
    : difference;

const withBounds = (named: LogVerdict['divergent'][number]): LogVerdict['divergent'][number] =>
  named.firstDivergence ? { ...named, firstDivergence: bounded(named.firstDivergence, NAMED_VALUE_CHARS_MAX) } : named;

export const boundedResult = (result: ReplayResult): ReplayResult => {
  const { firstDivergence, steps = [], log } = result;
  let chars = 0;
  const boundedSteps = steps.map((step) => {
    const one = bounded(step);
    chars += JSON.stringify(one).length;
    if (chars <= RESULT_CHARS_MAX) return one;
    // The verdict stays, the values go.
    const { expected: _expected, actual: _actual, ...verdict } = one;
    return verdict;
  });
  return {
    ...result,
    ...(firstDivergence ? { firstDivergence: bounded(firstDivergence) } : {}),
    ...(result.steps ? { steps: boundedSteps } : {}),
    ...(log ? { log: { ...log, divergent: log.divergent.map(withBounds) } } : {}),
  };
};
