import { matchesError } from './error-names.ts';
import type { Catcher } from './machine.ts';

/** The first catcher that names the error. */
export const findCatcher = (
  catchers: readonly Catcher[],
  error: string,
): { readonly index: number; readonly catcher: Catcher } | undefined => {
  const index = catchers.findIndex((candidate) => matchesError(candidate.errorEquals, error));
  const catcher = catchers[index];
  return catcher && { index, catcher };
};
