import type { QueryLanguage } from '../machine.ts';

/** Fields that exist in one query language only, wherever they stand: a definition is told which language it speaks. */
const JSONPATH_FIELDS: ReadonlySet<string> = new Set([
  'InputPath',
  'Parameters',
  'ResultSelector',
  'ResultPath',
  'OutputPath',
  'Result',
  'Variable',
  'And',
  'Or',
  'Not',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'ErrorPath',
  'CausePath',
]);
const JSONATA_FIELDS: ReadonlySet<string> = new Set(['Arguments', 'Output', 'Items', 'Condition']);

export const languageOf = (field: string): QueryLanguage | undefined => {
  if (JSONPATH_FIELDS.has(field)) return 'JSONPath';
  return JSONATA_FIELDS.has(field) ? 'JSONata' : undefined;
};
