import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Progress {
  /** Seeds below this one, from the first on, have run without a violation or with one that is named here. */
  readonly nextSeed: number;
  readonly seedsRun: number;
  readonly failed: readonly number[];
}

const NOTHING: Progress = { nextSeed: 1, seedsRun: 0, failed: [] };

export const readProgress = (file: string): Progress => {
  try {
    // Written by nobody but us; a file of another shape only means beginning again.
    const read = JSON.parse(readFileSync(file, 'utf8')) as Progress;
    return Number.isSafeInteger(read.nextSeed) ? read : NOTHING;
  } catch {
    return NOTHING;
  }
};

export const writeProgress = (file: string, progress: Progress): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(progress));
};
