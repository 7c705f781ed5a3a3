import type { ItemBatcher, ItemReader, TaskResource } from '../machine.ts';
import { type Fields, quoted } from './fields.ts';
import { readResource } from './resource.ts';
import { type Bounds, readNumber } from './sourced.ts';
import { readObjectTemplate, readTemplate } from './template.ts';

/** Where a Map's items come from beside its input, how they go in batches, and where AWS would write its results. */

const POSITIVE: Bounds = { min: 1, max: 2_147_483_647, whole: true };
const TASK_FIELDS = { JSONPath: ['Parameters'], JSONata: ['Arguments'] };
const READER_CONFIG_FIELDS = [
  'InputType',
  'Transformation',
  'CSVHeaderLocation',
  'CSVHeaders',
  'CSVDelimiter',
  'ItemsPointer',
  'ManifestType',
  'MaxItems',
];

/** Parameters or Arguments of a task within a Map. */
const readInput = (fields: Fields) => {
  const name = fields.reading.queryLanguage === 'JSONPath' ? 'Parameters' : 'Arguments';
  const input = readObjectTemplate(fields, name);
  return input === undefined ? {} : { input };
};

/** The result of a reader's task is the items, so it has to be a task that ends with its result. */
const readReaderResource = (fields: Fields): TaskResource => {
  const { resource } = readResource(fields);
  if (resource.kind !== 'task' || resource.awaits === 'callback') {
    const message = `${quoted(resource.text)} reads no items: write a task that ends with its result, no child, activity, callback or person.`;
    fields.fault('Resource', 'UNKNOWN_RESOURCE', message);
  }
  return resource;
};

export const readItemReader = (map: Fields): ItemReader | undefined => {
  const fields = map.object('ItemReader');
  if (!fields) return undefined;
  fields.allow({ both: ['Resource', 'ReaderConfig'], ...TASK_FIELDS });
  const config = fields.object('ReaderConfig');
  // How to read is the worker's to know; of all this only MaxItems is ours to do.
  config?.allow({ both: READER_CONFIG_FIELDS, JSONPath: ['MaxItemsPath'] });
  const maxItems = config && readNumber(config, 'MaxItems', POSITIVE);
  return {
    resource: readReaderResource(fields),
    ...readInput(fields),
    ...(config && { config: config.values }),
    ...(maxItems && { maxItems }),
  };
};

export const readItemBatcher = (map: Fields): ItemBatcher | undefined => {
  const fields = map.object('ItemBatcher');
  if (!fields) return undefined;
  fields.allow({
    both: ['MaxItemsPerBatch', 'MaxInputBytesPerBatch', 'BatchInput'],
    JSONPath: ['MaxItemsPerBatchPath', 'MaxInputBytesPerBatchPath'],
  });
  const maxItems = readNumber(fields, 'MaxItemsPerBatch', POSITIVE);
  const maxBytes = readNumber(fields, 'MaxInputBytesPerBatch', POSITIVE);
  const batchInput = readTemplate(fields, 'BatchInput');
  if (!maxItems && !maxBytes) {
    fields.fault(
      undefined,
      'MISSING_FIELD',
      'Say how large a batch is: "MaxItemsPerBatch" or "MaxInputBytesPerBatch".',
    );
  }
  return {
    ...(maxItems && { maxItems }),
    ...(maxBytes && { maxBytes }),
    ...(batchInput !== undefined && { batchInput }),
  };
};

/** Checked and passed over: the results of a Map are its result here, there is no bucket to write them to. */
export const readResultWriter = (map: Fields): void => {
  const fields = map.object('ResultWriter');
  if (!fields) return;
  fields.allow({ both: ['Resource', 'WriterConfig'], ...TASK_FIELDS });
  fields.text('Resource');
  fields.object('WriterConfig')?.allowOnly(['Transformation', 'OutputType']);
  readInput(fields);
};
