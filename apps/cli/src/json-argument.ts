import { readFileSync } from 'node:fs';
import { jsonSchema, type Json } from '@throughline/contracts';
import { UsageError } from './failures.ts';

const STANDARD_INPUT = 0;

/** JSON as written, `@file`, or `@-` for standard input. */
export const jsonArgument = (text: string): Json => {
  if (text === '@-') return parseJson(readFileSync(STANDARD_INPUT, 'utf8'), 'standard input');
  return text.startsWith('@') ? jsonFile(text.slice(1)) : parseJson(text, '--input');
};

const jsonFile = (file: string): Json => parseJson(textFile(file), file);

/** `-` is standard input. */
export const textFile = (file: string): string => {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const parseJson = (text: string, source: string): Json => {
  try {
    return jsonSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};
