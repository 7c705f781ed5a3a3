import type { Json } from '@throughline/contracts';
import type { Machine, State } from '../machine.ts';
import { parseMachine } from '../parse-machine.ts';

export type Fields = { readonly [name: string]: Json };

/** `CODE /pointer` of each fault. */
export const faultsOf = (definition: Json): readonly string[] => {
  const parsed = parseMachine(definition);
  return parsed.ok ? [] : parsed.faults.map(({ code, pointer }) => `${code} ${pointer}`);
};

/** The faults of a machine of one state, their pointers from that state on. */
export const faultsOfState = (state: Json, more: Fields = {}): readonly string[] =>
  faultsOf({ StartAt: 'S', States: { S: state, ...more } }).map((fault) => fault.replace(' /States/S', ' '));

export const machineOf = (definition: Json): Machine => {
  const parsed = parseMachine(definition);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.machine;
};

/** The one state of a machine, of the type that is asked for. */
export const stateOf = <T extends State['type']>(type: T, fields: Fields): Extract<State, { type: T }> => {
  const ending: Fields = type === 'Choice' || type === 'Succeed' || type === 'Fail' ? {} : { End: true };
  const state = machineOf({ StartAt: 'S', States: { S: { Type: type, ...ending, ...fields } } }).states['S'];
  if (state?.type !== type) throw new Error(`no ${type}`);
  return state as Extract<State, { type: T }>; // the comparison above does not narrow by a generic type
};
