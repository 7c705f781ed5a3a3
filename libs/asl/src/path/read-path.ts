import { assertNever, type Json } from '@throughline/contracts';
import { BoundedCache } from '../bounded-cache.ts';
import { meterOf } from '../cost-meter.ts';
import type { Path } from '../machine.ts';
import type { Scope } from '../scope.ts';
import { type CompiledPath, compilePath, type PathRead } from './compiled-path.ts';

/** Paths of the machines in use; compiling one again costs microseconds. */
const compiled = new BoundedCache<CompiledPath>(4_096);

/** The compiled form of a path that passed validation. */
export const compiledPath = (path: Path): CompiledPath =>
  compiled.get(path, () => {
    const compilation = compilePath(path);
    if (!compilation.ok) throw new Error(`a path that was not validated: ${path}: ${compilation.problem}`);
    return compilation.path;
  });

/** Reads `$…` from the data, `$$…` from the context object and `$name…` from a variable. */
export const readPath = (path: Path, data: Json, scope: Scope): PathRead => {
  const { root, read } = compiledPath(path);
  const meter = meterOf(scope);
  switch (root.kind) {
    case 'data':
      return read(data, meter);
    case 'context':
      return read(scope.context, meter);
    case 'variable': {
      const value = scope.variable(root.name);
      return value === undefined
        ? { found: false, problem: `No value is assigned to the variable '$${root.name}'` }
        : read(value, meter);
    }
    default:
      return assertNever(root);
  }
};
