import type { Flow, Machine, State } from '@throughline/asl';
import { type Frame, type FrameId, type Frames, frameOf } from './frames.ts';

/** Why a machine cannot go on from frames that another one has left; undefined: it can. */
export const misfitOfFrames = (machine: Machine, frames: Frames): string | undefined => {
  for (const frame of frames.byId.values()) {
    const flow = flowOf(machine, frames, frame.id);
    if (!flow) return `nothing runs frame ${frame.id}`;
    // Before its first state a frame is in none.
    const names = [...(frame.state === '' ? [] : [frame.state]), ...nextOf(frame)];
    for (const name of names) {
      const state = stateIn(flow, name);
      if (!state) return `it has no state '${name}' there`;
      if (name === frame.state && state.type !== frame.stateType) {
        return `state '${name}' is a ${state.type}, and was a ${frame.stateType}`;
      }
      const { fanOut } = frame;
      if (name === frame.state && state.type === 'Parallel' && fanOut?.kind === 'parallel') {
        if (state.branches.length !== fanOut.branches) {
          return `state '${name}' has ${state.branches.length} branches, and had ${fanOut.branches}`;
        }
      }
    }
  }
  return undefined;
};

const nextOf = ({ phase }: Frame): readonly string[] =>
  phase.kind === 'ready' && phase.next !== undefined ? [phase.next] : [];

const stateIn = (flow: Flow, name: string): State | undefined =>
  Object.hasOwn(flow.states, name) ? flow.states[name] : undefined;

const flowOf = (machine: Machine, frames: Frames, id: FrameId): Flow | undefined => {
  const { parent, index } = frameOf(frames, id);
  if (parent === null) return machine;
  const flow = flowOf(machine, frames, parent);
  const around = flow && stateIn(flow, frameOf(frames, parent).state);
  if (around?.type === 'Map') return around.processor;
  return around?.type === 'Parallel' ? around.branches[index] : undefined;
};
