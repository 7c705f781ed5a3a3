import type { Json } from '@throughline/contracts';
import type { Path } from '../machine.ts';
import type { Scope } from '../scope.ts';
import { type CompiledPath, compilePath, type PathRead } from './compiled-path.ts';

/** Paths of the machines in use; the oldest goes first, and compiling one again costs microseconds. */
const COMPILED_MAX = 4_096;
const compiled = new Map<string, CompiledPath>();

/** The compiled form of a path that passed validation. */
export const compiledPath = (path: Path): CompiledPath => {
  const known = compiled.get(path);
  if (known) return known;
  const compilation = compilePath(path);
  if (!compilation.ok) throw new Error(`a path that was not validated: ${path}: ${compilation.problem}`);
  if (compiled.size >= COMPILED_MAX) {
    for (const oldest of compiled.keys()) {
      compiled.delete(oldest);
      break;
    }
  }
  compiled.set(path, compilation.path);
  return compilation.path;
};

/** Reads `$…` from the data and `$$…` from the context object. */
export const readPath = (path: Path, data: Json, scope: Scope): PathRead => {
  const { root, read } = compiledPath(path);
  return read(root === '$$' ? scope.context : data);
};
