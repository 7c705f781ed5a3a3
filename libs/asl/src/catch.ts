import type { Json } from '@throughline/contracts';
import { matchesError } from './error-names.ts';
import type { Evaluated } from './evaluated.ts';
import type { Catcher } from './machine.ts';
import { placeResult } from './result-path.ts';

export const findCatcher = (
  catchers: readonly Catcher[],
  error: string,
): { readonly index: number; readonly catcher: Catcher } | undefined => {
  const index = catchers.findIndex((candidate) => matchesError(candidate.errorEquals, error));
  const catcher = catchers[index];
  return catcher && { index, catcher };
};

/** What the catcher's target state gets: the raw input with `{ Error, Cause }` placed at the catcher's ResultPath. */
export const catchOutput = (catcher: Catcher, rawInput: Json, error: string, cause: string): Evaluated =>
  placeResult(catcher.resultPath, rawInput, { Error: error, Cause: cause });
