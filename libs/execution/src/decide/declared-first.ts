import type { OpenAttempt } from '../execution-state.ts';
import { handlerClass } from '../step-outcome.ts';
import { stateOf } from './machine-state.ts';
import type { Run } from './run.ts';

/** Where a worker says what its handler is and the definition has said it already: a reader of the log has no definition to look at. */
export const declaredFirst = (run: Run, { frame }: OpenAttempt): { readonly effectClass?: 'declared' } => {
  if (handlerClass(run.command) === undefined) return {};
  const state = stateOf(run, frame);
  return state.type === 'Task' && state.extension.effectClass !== undefined ? { effectClass: 'declared' } : {};
};
