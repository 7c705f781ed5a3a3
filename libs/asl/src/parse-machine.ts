import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Fault, Machine, State } from './machine.ts';
import { Fields } from './validate/fields.ts';
import { unreachableStates } from './validate/reachability.ts';
import { DEFINITION_BYTES_MAX, isNestedDeeperThan, NESTING_MAX, utf8Bytes } from './validate/size.ts';
import { checkQueryLanguage, readState } from './validate/state.ts';
import { SECONDS_MAX } from './seconds.ts';

export type ParsedMachine =
  { readonly ok: true; readonly machine: Machine } | { readonly ok: false; readonly faults: readonly Fault[] };

const MACHINE_FIELDS = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version'];
const STATES_MAX = 10_000;
const STATE_NAME_LENGTH_MAX = 80;

const refused = (pointer: string, code: string, message: string): ParsedMachine => ({
  ok: false,
  faults: [{ pointer, code, message }],
});

/**
 * Reads a definition into a machine, or says everything that is wrong with it (the first 200 faults). Whatever is not
 * run as written is refused here, so an execution never meets it.
 */
export const parseMachine = (definition: Json): ParsedMachine => {
  if (!isJsonObject(definition)) return refused('', 'WRONG_TYPE', 'A definition is a JSON object.');
  if (isNestedDeeperThan(definition, NESTING_MAX)) {
    return refused('', 'TOO_DEEP', `A definition may be nested ${NESTING_MAX} levels deep.`);
  }
  if (utf8Bytes(JSON.stringify(definition)) > DEFINITION_BYTES_MAX) {
    return refused('', 'TOO_LARGE', `A definition may have ${DEFINITION_BYTES_MAX} bytes.`);
  }
  const states = definition['States'];
  if (isJsonObject(states) && Object.keys(states).length > STATES_MAX) {
    return refused('/States', 'TOO_MANY_STATES', `A machine may have ${STATES_MAX} states.`);
  }
  return readMachine(definition);
};

const readMachine = (definition: JsonObject): ParsedMachine => {
  const given = definition['States'];
  const stateNames = new Set(isJsonObject(given) ? Object.keys(given) : []);
  const faults: Fault[] = [];
  const fields = new Fields(definition, '', { stateNames, faults });
  fields.allowOnly(MACHINE_FIELDS);
  checkQueryLanguage(fields);
  const comment = fields.comment();
  const version = fields.text('Version');
  if (version !== undefined && version !== '1.0') fields.fault('Version', 'OUT_OF_RANGE', '"Version" has to be "1.0".');
  const timeoutSeconds = fields.integer('TimeoutSeconds', 1, SECONDS_MAX);
  const startAt = fields.require('StartAt') ? fields.target('StartAt') : '';
  const states = readStates(fields, stateNames.has(startAt) ? startAt : undefined);
  if (faults.length > 0) return { ok: false, faults };
  const machine: Machine = {
    ...comment,
    startAt,
    states: Object.fromEntries(states),
    stateCount: states.size,
    ...(timeoutSeconds !== undefined && { timeoutMs: timeoutSeconds * 1_000 }),
  };
  return { ok: true, machine };
};

const readStates = (machine: Fields, startAt: string | undefined): ReadonlyMap<string, State> => {
  const read = new Map<string, State>();
  const fields = machine.require('States') ? machine.object('States') : undefined;
  if (!fields) return read;
  const names = Object.keys(fields.values);
  if (names.length === 0) machine.fault('States', 'MISSING_FIELD', '"States" needs one state or more.');
  for (const name of names) {
    if (name.length === 0 || name.length > STATE_NAME_LENGTH_MAX) {
      fields.fault(name, 'BAD_STATE_NAME', `A state's name has 1 to ${STATE_NAME_LENGTH_MAX} characters.`);
    }
    const state = fields.object(name);
    const parsed = state && readState(name, state);
    if (parsed) read.set(name, parsed);
  }
  // With a state of unknown kind, or no start, it is not known what can be reached: then these faults would mislead.
  if (startAt !== undefined && read.size === names.length) {
    for (const name of unreachableStates(startAt, read)) {
      fields.fault(name, 'UNREACHABLE_STATE', `No way from "StartAt" leads to "${name}".`);
    }
  }
  return read;
};
