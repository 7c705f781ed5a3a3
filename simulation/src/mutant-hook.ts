import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

/** Node's hooks for a thread: one module is not loaded as it stands on disk. */
let planted: Pick<Mutant, 'file' | 'find' | 'replace'> | undefined;

export const initialize = (mutant: Mutant): void => {
  planted = mutant;
};

interface Loaded {
  readonly format: string;
  readonly shortCircuit?: boolean;
  readonly source: string | Uint8Array;
}

export const load = async (
  url: string,
  context: object,
  nextLoad: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> => {
  const loaded = await nextLoad(url, context);
  if (!planted || !url.startsWith('file:') || !fileURLToPath(url).endsWith(`/${planted.file}`)) return loaded;
  const source = withFault(planted, Buffer.from(loaded.source).toString());
  return { ...loaded, source };
};

/** Throws where the text does not stand there exactly once: a fault that is not there would be one that nobody finds. */
export const withFault = (
  { file, find, replace }: Pick<Mutant, 'file' | 'find' | 'replace'>,
  source: string,
): string => {
  const pieces = source.split(find);
  if (pieces.length !== 2) throw new Error(`${pieces.length - 1} places in ${file} to plant the fault: ${find}`);
  return pieces.join(replace);
};
