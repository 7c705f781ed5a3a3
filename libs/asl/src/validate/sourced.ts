import type { Sourced } from '../machine.ts';
import { checkJsonata, looksLikeJsonata } from './expressions.ts';
import type { Fields } from './fields.ts';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** A field whose value is written, or found by `<name>Path` in JSONPath, or by an expression in JSONata. */
const readSourced = <T, F extends string>(
  fields: Fields,
  name: F,
  fixed: () => T | undefined,
): Sourced<T, F> | undefined => {
  if (fields.reading.queryLanguage === 'JSONata') {
    const given = fields.value(name);
    if (typeof given === 'string' && looksLikeJsonata(given)) {
      return { kind: 'jsonata', expression: checkJsonata(fields, name, given), field: name };
    }
  } else {
    const field = `${name}Path` as const;
    fields.allowOneOf([name, field]);
    const path = fields.path(field, 'reference');
    if (path !== undefined) return { kind: 'path', path, field };
  }
  const value = fixed();
  return value === undefined ? undefined : { kind: 'fixed', value };
};

export const readNumber = <F extends string>(
  fields: Fields,
  name: F,
  { min, max, whole }: Bounds,
): Sourced<number, F> | undefined =>
  readSourced(fields, name, () => (whole ? fields.integer(name, min, max) : fields.number(name, min, max)));

export const readText = <F extends string>(fields: Fields, name: F): Sourced<string, F> | undefined =>
  readSourced(fields, name, () => fields.text(name));
