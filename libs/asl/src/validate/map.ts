import type { MapItems, MapState, Template } from '../machine.ts';
import { readHandlers } from './error-handling.ts';
import { looksLikeJsonata } from './expressions.ts';
import { type Fields, WHOLE } from './fields.ts';
import { readItemBatcher, readItemReader, readResultWriter } from './map-items.ts';
import { type Bounds, readNumber } from './sourced.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';
import { readTemplate } from './template.ts';

const FIELDS = knownFields('Map', {
  both: [
    'ItemProcessor',
    'Iterator',
    'ItemSelector',
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'MaxConcurrency',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
    'Label',
    'Retry',
    'Catch',
  ],
  JSONPath: [
    'Parameters',
    'ItemsPath',
    'MaxConcurrencyPath',
    'ToleratedFailureCountPath',
    'ToleratedFailurePercentagePath',
  ],
  JSONata: ['Items'],
});

const LABEL_LENGTH_MAX = 40;
const COUNT: Bounds = { min: 0, max: 2_147_483_647, whole: true };
const PERCENTAGE: Bounds = { min: 0, max: 100, whole: false };

const readProcessor = (fields: Fields): Pick<MapState, 'processor' | 'mode'> => {
  fields.allowOneOf(['ItemProcessor', 'Iterator']);
  if (!fields.has('ItemProcessor') && !fields.has('Iterator')) {
    fields.fault(undefined, 'MISSING_FIELD', '"ItemProcessor" is missing.');
  }
  const processor = fields.object('ItemProcessor') ?? fields.object('Iterator');
  if (!processor) return { processor: { startAt: '', states: {} }, mode: 'INLINE' };
  const config = processor.object('ProcessorConfig');
  config?.allowOnly(['Mode', 'ExecutionType']);
  const mode = config?.oneOf('Mode', ['INLINE', 'DISTRIBUTED']) ?? 'INLINE';
  config?.oneOf('ExecutionType', ['STANDARD', 'EXPRESS']);
  const kind = mode === 'DISTRIBUTED' ? 'distributed-processor' : 'processor';
  return { processor: fields.reading.readFlow(processor, kind), mode };
};

const readItems = (fields: Fields): MapItems => {
  if (fields.reading.queryLanguage === 'JSONPath') {
    return { kind: 'path', path: fields.path('ItemsPath', 'reference') ?? WHOLE };
  }
  const given = fields.value('Items');
  const isText = typeof given === 'string' && !looksLikeJsonata(given);
  if (given !== undefined && (isText || typeof given !== 'object' || given === null)) {
    if (isText || typeof given !== 'string') {
      fields.fault('Items', 'WRONG_TYPE', '"Items" has to be an array, an object or an expression {% … %}.');
    }
  }
  const template = readTemplate(fields, 'Items');
  return { kind: 'template', ...(template !== undefined && { template }) };
};

const readSelector = (fields: Fields): Template | undefined => {
  if (fields.reading.queryLanguage === 'JSONata') return readTemplate(fields, 'ItemSelector');
  fields.allowOneOf(['ItemSelector', 'Parameters']);
  return readTemplate(fields, fields.has('ItemSelector') ? 'ItemSelector' : 'Parameters');
};

const readLabel = (fields: Fields): { readonly label?: string } => {
  const label = fields.text('Label');
  if (label === undefined) return {};
  if (label.length > LABEL_LENGTH_MAX) {
    fields.fault('Label', 'OUT_OF_RANGE', `"Label" has at most ${LABEL_LENGTH_MAX} characters.`);
  }
  return { label };
};

const readLimits = (fields: Fields) => {
  const count = readNumber(fields, 'ToleratedFailureCount', COUNT);
  const percentage = readNumber(fields, 'ToleratedFailurePercentage', PERCENTAGE);
  return {
    maxConcurrency: readNumber(fields, 'MaxConcurrency', COUNT) ?? { kind: 'fixed' as const, value: 0 },
    ...(count && { toleratedFailureCount: count }),
    ...(percentage && { toleratedFailurePercentage: percentage }),
  };
};

export const readMap = (name: string, fields: Fields): MapState => {
  fields.allow(FIELDS);
  const itemSelector = readSelector(fields);
  const itemReader = readItemReader(fields);
  const itemBatcher = readItemBatcher(fields);
  readResultWriter(fields);
  return {
    type: 'Map',
    name,
    ...fields.comment(),
    ...readDataFlow('Map', fields),
    ...readProcessor(fields),
    items: readItems(fields),
    ...(itemSelector !== undefined && { itemSelector }),
    ...(itemReader && { itemReader }),
    ...(itemBatcher && { itemBatcher }),
    ...readLimits(fields),
    ...readLabel(fields),
    ...readHandlers(fields),
    transition: readTransition(fields),
  };
};
