import { asWritten, isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Fault, Machine } from './machine.ts';
import { SECONDS_MAX } from './seconds.ts';
import { variablesOf } from './validate/assign.ts';
import { EXTENSION_FIELD, readMachineExtension } from './validate/extension.ts';
import type { FaultCode } from './validate/fault-codes.ts';
import { Fields, type Reading } from './validate/fields.ts';
import { readFlow, readInnerFlow } from './validate/flow.ts';
import { DEFINITION_BYTES_MAX, isNestedDeeperThan, NESTING_MAX, utf8Bytes } from './validate/size.ts';
import { readQueryLanguage } from './validate/state.ts';

export type ParsedMachine =
  { readonly ok: true; readonly machine: Machine } | { readonly ok: false; readonly faults: readonly Fault[] };

const MACHINE_FIELDS = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version', EXTENSION_FIELD];

const refused = (code: FaultCode, message: string): ParsedMachine => ({
  ok: false,
  faults: [{ pointer: '', code, message }],
});

/**
 * Reads a definition into a machine, or says everything that is wrong with it (the first 200 faults). Whatever is not
 * run as written is refused here, so an execution never meets it.
 */
export const parseMachine = (definition: Json): ParsedMachine => {
  if (!isJsonObject(definition)) return refused('WRONG_TYPE', 'A definition is a JSON object.');
  if (isNestedDeeperThan(definition, NESTING_MAX)) {
    return refused('TOO_DEEP', `A definition may be nested ${NESTING_MAX} levels deep.`);
  }
  if (utf8Bytes(JSON.stringify(definition)) > DEFINITION_BYTES_MAX) {
    return refused('TOO_LARGE', `A definition may have ${DEFINITION_BYTES_MAX} bytes.`);
  }
  // The log will say 0 where the definition came with -0, and a replay reads it from there.
  const written = asWritten(definition);
  if (written === undefined) {
    return refused('OUT_OF_RANGE', 'A number is too large for JSON (1e999): write a smaller one or a text.');
  }
  return readMachine(written as JsonObject); // as written, an object is one
};

const readMachine = (definition: JsonObject): ParsedMachine => {
  const states = definition['States'];
  const start: Reading = {
    faults: [],
    machineLanguage: 'JSONPath',
    queryLanguage: 'JSONPath',
    stateNames: new Set(),
    statePlaces: new Map(),
    variables: { names: new Set(isJsonObject(states) ? variablesOf(states) : []) },
    depth: 0,
    readFlow: readInnerFlow,
  };
  const given = new Fields(definition, '', start);
  given.allowOnly(MACHINE_FIELDS);
  const language = readQueryLanguage(given) ?? 'JSONPath';
  const fields = given.within({ machineLanguage: language, queryLanguage: language });
  const version = fields.text('Version');
  if (version !== undefined && version !== '1.0') fields.fault('Version', 'OUT_OF_RANGE', '"Version" has to be "1.0".');
  const timeoutSeconds = fields.integer('TimeoutSeconds', 1, SECONDS_MAX);
  const extension = readMachineExtension(fields);
  const flow = readFlow(fields);
  if (start.faults.length > 0) return { ok: false, faults: start.faults };
  const machine: Machine = {
    ...fields.comment(),
    ...flow,
    ...extension,
    stateCount: start.statePlaces.size,
    ...(timeoutSeconds !== undefined && { timeoutMs: timeoutSeconds * 1_000 }),
  };
  return { ok: true, machine };
};
