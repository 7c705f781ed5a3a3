import type { Json, ReplayResult } from '@throughline/contracts';

/** A result goes into one commit, and states hold up to 256 KiB each. */
const VALUE_CHARS_MAX = 4_096;
const RESULT_CHARS_MAX = 200_000;

/** Long values are shown by their beginning. */
const boundedValue = (value: Json | undefined): Json => {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length <= VALUE_CHARS_MAX ? value : `${text.slice(0, VALUE_CHARS_MAX)}… (${text.length} characters)`;
};

const bounded = <D extends { readonly expected?: Json; readonly actual?: Json }>(difference: D): D =>
  'expected' in difference || 'actual' in difference
    ? { ...difference, expected: boundedValue(difference.expected), actual: boundedValue(difference.actual) }
    : difference;

export const boundedResult = (result: ReplayResult): ReplayResult => {
  const { firstDivergence, steps = [] } = result;
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
  };
};
