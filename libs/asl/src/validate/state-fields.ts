import type { DataFlow, Transition } from '../machine.ts';
import { readAssign } from './assign.ts';
import { type Fields, type KnownFields, WHOLE } from './fields.ts';
import { readTemplate } from './template.ts';

/** Fields that several state types have, with their readers. */

const NAMING_FIELDS = ['Type', 'Comment', 'QueryLanguage'] as const;
const TRANSITION_FIELDS = ['Next', 'End'] as const;

/** What of the data flow a type of state has. */
export interface FlowFields {
  readonly input: boolean;
  readonly parameters: boolean;
  readonly result: boolean;
  readonly assign: boolean;
}
const SIMPLE: FlowFields = { input: true, parameters: false, result: false, assign: true };
export const FLOW_FIELDS = {
  Pass: { ...SIMPLE, parameters: true },
  Task: { ...SIMPLE, parameters: true, result: true },
  Parallel: { ...SIMPLE, parameters: true, result: true },
  Map: { ...SIMPLE, result: true },
  Choice: SIMPLE,
  Wait: SIMPLE,
  Succeed: { ...SIMPLE, assign: false },
} as const satisfies Readonly<Record<string, FlowFields>>;
export type FlowingType = keyof typeof FLOW_FIELDS;

const placesResult = (type: FlowingType): boolean => type === 'Pass' || FLOW_FIELDS[type].result;
const takesArguments = (type: FlowingType): boolean => FLOW_FIELDS[type].parameters && FLOW_FIELDS[type].result;
const goesOn = (type: FlowingType): boolean => type !== 'Choice' && type !== 'Succeed';

/** The fields of a type of state: its own, with those that belong to its data flow and its way on. */
export const knownFields = (type: FlowingType, own: KnownFields): KnownFields => {
  const has: FlowFields = FLOW_FIELDS[type];
  return {
    both: [
      ...NAMING_FIELDS,
      ...own.both,
      ...(has.assign ? ['Assign'] : []),
      ...(goesOn(type) ? TRANSITION_FIELDS : []),
    ],
    JSONPath: [
      'InputPath',
      ...(has.parameters ? ['Parameters'] : []),
      ...(has.result ? ['ResultSelector'] : []),
      ...(placesResult(type) ? ['ResultPath'] : []),
      'OutputPath',
      ...(own.JSONPath ?? []),
    ],
    JSONata: [...(takesArguments(type) ? ['Arguments'] : []), 'Output', ...(own.JSONata ?? [])],
  };
};

export const FAIL_FIELDS: KnownFields = {
  both: [...NAMING_FIELDS, 'Error', 'Cause'],
  JSONPath: ['ErrorPath', 'CausePath'],
};

export const readDataFlow = (type: FlowingType, fields: Fields): DataFlow => {
  const assign = FLOW_FIELDS[type].assign ? readAssign(fields) : {};
  if (fields.reading.queryLanguage === 'JSONata') {
    const given = takesArguments(type) ? readTemplate(fields, 'Arguments') : undefined;
    const output = readTemplate(fields, 'Output');
    return {
      queryLanguage: 'JSONata',
      ...(given !== undefined && { arguments: given }),
      ...(output !== undefined && { output }),
      ...assign,
    };
  }
  const parameters = FLOW_FIELDS[type].parameters ? readTemplate(fields, 'Parameters') : undefined;
  const resultSelector = FLOW_FIELDS[type].result ? readTemplate(fields, 'ResultSelector') : undefined;
  return {
    queryLanguage: 'JSONPath',
    inputPath: fields.pathOrNull('InputPath', 'any'),
    ...(parameters !== undefined && { parameters }),
    ...(resultSelector !== undefined && { resultSelector }),
    resultPath: placesResult(type) ? fields.pathOrNull('ResultPath', 'place') : WHOLE,
    outputPath: fields.pathOrNull('OutputPath', 'any'),
    ...assign,
  };
};

/** Exactly one of `Next` and `"End": true`. */
export const readTransition = (fields: Fields): Transition => {
  const ends = fields.flag('End') ?? false;
  const next = fields.target('Next');
  if (ends && fields.has('Next')) fields.fault('End', 'BAD_TRANSITION', 'Write either "Next" or "End", not both.');
  if (!ends && !fields.has('Next')) {
    fields.fault(undefined, 'BAD_TRANSITION', 'Say where the state goes: "Next", or "End": true.');
  }
  return ends ? { kind: 'end' } : { kind: 'next', state: next };
};
