import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { withFault } from './mutant-hook.ts';
import type { Mutant } from './mutants.ts';

/**
 * Jest's transform of the one module with a planted fault: what the simulation loads, the built text with the fault in it,
 * but over the sources of everything around it.
 */

interface TransformOptions {
  readonly transformerConfig: unknown;
}

const RELATIVE_IMPORT = /(from\s+['"]\.{1,2}\/[^'"]+)\.js(['"])/g;
const SOURCE_MAP = /\n\/\/# sourceMappingURL=.*$/;

const builtOf = (path: string): string => readFileSync(path.replace('/src/', '/dist/').replace(/\.ts$/, '.js'), 'utf8');

// The configuration hands it over, as it stands in the list.
const planted = ({ transformerConfig }: TransformOptions): Mutant => transformerConfig as Mutant;

export default {
  process: (_source: string, path: string, options: TransformOptions): { code: string } => ({
    code: withFault(planted(options), builtOf(path)).replace(RELATIVE_IMPORT, '$1.ts$2').replace(SOURCE_MAP, ''),
  }),
  getCacheKey: (_source: string, path: string, options: TransformOptions): string =>
    hash('sha256', JSON.stringify([planted(options), builtOf(path)])),
};
