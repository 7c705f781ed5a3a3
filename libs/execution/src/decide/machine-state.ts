import type { State } from '@throughline/asl';
import type { Run } from './run.ts';

/** A state of the machine that the execution is pinned to. */
export const stateOf = (run: Run, name: string): State => {
  const { states } = run.machine.machine;
  const state = Object.hasOwn(states, name) ? states[name] : undefined;
  if (!state) throw new Error(`${run.machine.name} version ${run.machine.version} has no state '${name}'`);
  return state;
};
