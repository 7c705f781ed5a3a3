import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type RecordedCase, recordedCaseSchema } from './recorded-case.ts';

const FILES_MAX = 10_000;

/** Every case of a file, or of all JSON files in a folder and below it, in the order of their names. */
export const readCases = (path: string): readonly RecordedCase[] => filesOf(path).flatMap(readFile);

const filesOf = (path: string): readonly string[] => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${path} does not exist`);
  if (!found.isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(path, name));
  if (files.length === 0) throw new Error(`${path} holds no JSON file`);
  if (files.length > FILES_MAX) throw new Error(`${path} holds more than ${FILES_MAX} JSON files`);
  return files;
};

const readFile = (file: string): readonly RecordedCase[] => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new Error(`${file} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  const parsed = z.array(recordedCaseSchema).safeParse(Array.isArray(json) ? json : [json]);
  if (!parsed.success) throw new Error(`${file} does not hold cases:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
};
