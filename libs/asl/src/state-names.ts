import type { Flow, Machine } from './machine.ts';

/** Whether a machine has a state of this name, at any depth: names are unique in a machine. */
export const hasState = (machine: Machine, name: string): boolean => flowHas(machine, name);

const flowHas = (flow: Flow, name: string): boolean =>
  Object.hasOwn(flow.states, name) ||
  Object.values(flow.states).some((state) => {
    if (state.type === 'Map') return flowHas(state.processor, name);
    return state.type === 'Parallel' && state.branches.some((branch) => flowHas(branch, name));
  });
