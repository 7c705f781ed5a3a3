import { basename } from 'node:path';
import { readDefinitionText } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import { UsageError } from './failures.ts';
import { textFile } from './json-argument.ts';

/** `orders.asl.json` and `orders.asl.yaml` hold `orders`. */
export const workflowNameOf = (file: string): string => basename(file).replace(/(\.asl)?(\.json|\.yaml|\.yml)?$/, '');

export const definitionIn = (file: string): Json => {
  const read = readDefinitionText(textFile(file));
  if (!read.ok) throw new UsageError(`${file}: ${read.faults.map(({ message }) => message).join(' ')}`);
  return read.definition;
};
