import { LIST_FUNCTIONS } from './functions/lists.ts';
import { PLAIN_FUNCTIONS } from './functions/plain.ts';
import { STEP_FUNCTIONS } from './functions/step-functions.ts';
import { TEXT_FUNCTIONS } from './functions/texts.ts';
import { libraryFunction, librarySignature } from './library.ts';
import type { Run } from './run.ts';
import { NativeFunction, type Value } from './values.ts';

/** JSONata's functions by their names, `$` left out, and those that Step Functions adds. */

type Native = (args: readonly Value[], run: Run) => Value;

/** One of JSONata's own: its arguments are checked by the library's signature for it. */
const standard = (name: string, call: Native): NativeFunction => {
  const { implementation, signature } = libraryFunction(name);
  return new NativeFunction(implementation.length, signature, call);
};

const now = (): NativeFunction => {
  const fromMillis = PLAIN_FUNCTIONS.get('fromMillis');
  const millis = STEP_FUNCTIONS['millis'];
  return new NativeFunction(2, librarySignature('<s?s?:s>'), ([picture, zone], run) =>
    fromMillis?.call([millis?.call([], run), picture, zone], run),
  );
};

export const BUILT_IN: ReadonlyMap<string, NativeFunction> = new Map([
  ...PLAIN_FUNCTIONS,
  ...Object.entries({ ...TEXT_FUNCTIONS, ...LIST_FUNCTIONS }).map(
    ([name, call]) => [name, standard(name, call)] as const,
  ),
  ...Object.entries(STEP_FUNCTIONS).map(
    ([name, { signature, arity, call }]) =>
      [name, new NativeFunction(arity, librarySignature(signature), call)] as const,
  ),
  ['now', now()],
]);
