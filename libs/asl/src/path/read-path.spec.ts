import type { Json } from '@throughline/contracts';
import type { Path } from '../machine.ts';
import { scopeWith } from '../spec/scope-with.ts';
import { compilePath } from './compiled-path.ts';
import { readPath } from './read-path.ts';

const scope = scopeWith({
  context: { Map: { Item: { Index: 3 } } },
  variables: { x: { a: [10, 20] }, größe: 1, _n: null },
});
const read = (path: string, data: Json = { a: 1 }) => readPath(path as Path, data, scope); // each of them compiles

describe('a path', () => {
  it('starts from the data, the context object or a variable', () => {
    expect(read('$.a')).toEqual({ found: true, value: 1 });
    expect(read('$$.Map.Item.Index')).toEqual({ found: true, value: 3 });
    expect(read('$x')).toEqual({ found: true, value: { a: [10, 20] } });
    expect(read('$x.a[-1]')).toEqual({ found: true, value: 20 });
    expect(read("$x['a'][*]")).toEqual({ found: true, value: [10, 20] });
    expect(read('$größe')).toEqual({ found: true, value: 1 });
    expect(read('$_n')).toEqual({ found: true, value: null });
  });

  it('finds nothing in a variable that is not assigned', () => {
    expect(read('$y.a')).toMatchObject({ found: false });
    expect(read('$constructor.name')).toMatchObject({ found: false });
  });

  it('names its root by kind', () => {
    expect(['$', '$$', '$x'].map(compilePath)).toMatchObject([
      { path: { root: { kind: 'data' } } },
      { path: { root: { kind: 'context' } } },
      { path: { root: { kind: 'variable', name: 'x' } } },
    ]);
  });
});
