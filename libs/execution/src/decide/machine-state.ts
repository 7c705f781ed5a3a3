import type { Flow, State } from '@throughline/asl';
import { type FrameId, frameOf } from '../frames.ts';
import type { Run } from './run.ts';

/** The states that a frame runs: the machine's, or those of the branch or processor that its parent's state holds. */
export const flowOf = (run: Run, id: FrameId): Flow => {
  const { parent, index } = frameOf(run.state.frames, id);
  if (parent === null) return run.machine.machine;
  const around = stateOf(run, parent);
  if (around.type === 'Map') return around.processor;
  const branch = around.type === 'Parallel' ? around.branches[index] : undefined;
  if (!branch) throw new Error(`'${around.name}' has no branch ${index}`);
  return branch;
};

export const stateIn = (flow: Flow, name: string): State => {
  const state = Object.hasOwn(flow.states, name) ? flow.states[name] : undefined;
  if (!state) throw new Error(`the machine has no state '${name}' there`);
  return state;
};

/** The state that a frame is in. */
export const stateOf = (run: Run, id: FrameId): State => stateIn(flowOf(run, id), frameOf(run.state.frames, id).state);
