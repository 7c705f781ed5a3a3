import { assertNever } from '@throughline/contracts';
import type { State } from '../machine.ts';

const targetsOf = (state: State): readonly string[] => {
  switch (state.type) {
    case 'Choice':
      return [...state.choices.map(({ next }) => next), ...(state.default === undefined ? [] : [state.default])];
    case 'Task':
    case 'Parallel':
    case 'Map':
      return [...nextOf(state), ...state.catch.map(({ next }) => next)];
    case 'Pass':
    case 'Wait':
      return nextOf(state);
    case 'Succeed':
    case 'Fail':
      return [];
    default:
      return assertNever(state);
  }
};

const nextOf = ({ transition }: Extract<State, { transition: unknown }>): readonly string[] =>
  transition.kind === 'next' ? [transition.state] : [];

/** Names of the states that no way from the start leads to. */
export const unreachableStates = (startAt: string, states: ReadonlyMap<string, State>): readonly string[] => {
  const reached = new Set<string>();
  const open = [startAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const state = states.get(name);
    if (!state || reached.has(name)) continue;
    reached.add(name);
    open.push(...targetsOf(state));
  }
  return [...states.keys()].filter((name) => !reached.has(name));
};
