import { isJsonObject, type JsonObject } from '@throughline/contracts';
import type { Flow, State } from '../machine.ts';
import { variablesOf } from './assign.ts';
import { type Fields, type FlowKind, pointerTo, quoted } from './fields.ts';
import { unreachableStates } from './reachability.ts';
import { readState } from './state.ts';

const STATES_MAX = 10_000;
/** Flows within each other. Also bounds how deep the reading of a definition goes down. */
const DEPTH_MAX = 32;
const STATE_NAME_LENGTH_MAX = 80;
const NOTHING: Flow = { startAt: '', states: {} };

const FIELDS: { readonly [K in FlowKind]: readonly string[] } = {
  branch: ['Comment', 'StartAt', 'States'],
  processor: ['Comment', 'ProcessorConfig', 'StartAt', 'States'],
  'distributed-processor': ['Comment', 'ProcessorConfig', 'StartAt', 'States'],
};

const given = (fields: Fields): JsonObject => {
  const states = fields.value('States');
  return isJsonObject(states) ? states : {};
};

/** A flow within a state of another: what it may target and assign depends on where it stands. */
export const readInnerFlow = (fields: Fields, kind: FlowKind): Flow => {
  const { depth, variables } = fields.reading;
  if (depth === DEPTH_MAX) {
    fields.fault(undefined, 'BAD_BRANCHES', `Flows may be nested ${DEPTH_MAX} deep.`);
    return NOTHING;
  }
  fields.allowOnly(FIELDS[kind]);
  // The iterations of a distributed Map do not see the variables around it, so their names are free.
  const outer = kind === 'distributed-processor' ? {} : { outer: variables };
  return readFlow(
    fields.within({ depth: depth + 1, variables: { names: new Set(variablesOf(given(fields))), ...outer } }),
  );
};

export const readFlow = (fields: Fields): Flow => {
  fields.text('Comment');
  const stateNames = new Set(Object.keys(given(fields)));
  if (fields.reading.statePlaces.size + stateNames.size > STATES_MAX) {
    fields.fault('States', 'TOO_MANY_STATES', `A machine may have ${STATES_MAX} states.`);
    return NOTHING;
  }
  const flow = fields.within({ stateNames });
  const startAt = flow.require('StartAt') ? flow.target('StartAt') : '';
  const states = readStates(flow, stateNames.has(startAt) ? startAt : undefined);
  return { startAt, states: Object.fromEntries(states) };
};

const checkName = (states: Fields, name: string): void => {
  if (name.length === 0 || [...name].length > STATE_NAME_LENGTH_MAX) {
    states.fault(name, 'BAD_STATE_NAME', `A state's name has 1 to ${STATE_NAME_LENGTH_MAX} characters.`);
  }
  const { statePlaces } = states.reading;
  const other = statePlaces.get(name);
  if (other === undefined) statePlaces.set(name, pointerTo(states.pointer, name));
  else
    states.fault(
      name,
      'DUPLICATE_STATE',
      `${quoted(name)} stands at ${quoted(other)} already; names are unique in the whole machine.`,
    );
};

const readStates = (flow: Fields, startAt: string | undefined): ReadonlyMap<string, State> => {
  const read = new Map<string, State>();
  const fields = flow.require('States') ? flow.object('States') : undefined;
  if (!fields) return read;
  const names = Object.keys(fields.values);
  if (names.length === 0) flow.fault('States', 'MISSING_FIELD', '"States" needs one state or more.');
  for (const name of names) {
    checkName(fields, name);
    const state = fields.object(name);
    const parsed = state && readState(name, state);
    if (parsed) read.set(name, parsed);
  }
  // With a state of unknown kind, or no start, it is not known what can be reached: then these faults would mislead.
  if (startAt !== undefined && read.size === names.length) {
    for (const name of unreachableStates(startAt, read)) {
      fields.fault(name, 'UNREACHABLE_STATE', `No way from "StartAt" leads to ${quoted(name)}.`);
    }
  }
  return read;
};
