import { SeededChance, uuidOf } from '../../chance.ts';
import { parseInstant } from '../../instant.ts';
import { parseJson } from '../../json-texts.ts';
import { DIGEST_NAMES, digestOf, isDigestName } from '../../text-encoding.ts';
import { chargeList, chargeText, drawn, memoryExceeded, RANGE_FUNCTION_LENGTH_MAX } from '../bounds.ts';
import { JsonataFailure } from '../failure.ts';
import type { Run } from '../run.ts';
import { isList, ownList, sequenceOf, type Value } from '../values.ts';

/** What Step Functions adds to JSONata, with the signature by which AWS checks it. `$eval` it takes away. */

type Native = (args: readonly Value[], run: Run) => Value;

const failed = (message: string): JsonataFailure => new JsonataFailure('D3137', { message });

const parse: Native = ([text], run) => {
  if (typeof text !== 'string') return undefined;
  chargeText(run.meter, 8 * text.length);
  const value = parseJson(text);
  if (value === undefined) throw failed('Invalid JSON');
  return value;
};

const partition: Native = ([list, size], run) => {
  if (list === undefined) return undefined;
  if (!isList(list)) throw new JsonataFailure('T0412', { index: 1 });
  if (list.length === 0) return undefined;
  if (typeof size !== 'number') return ownList([list]);
  const length = Math.trunc(size);
  if (length < 0) throw failed('Second argument must be zero or greater');
  if (length === 0) return undefined;
  chargeList(run.meter, 8 * list.length);
  return ownList(
    Array.from({ length: Math.ceil(list.length / length) }, (_, i) =>
      ownList(list.slice(i * length, (i + 1) * length)),
    ),
  );
};

const range: Native = (args, run) => {
  const [first, last, step] = args.map((value) => (typeof value === 'number' ? Math.trunc(value) + 0 : undefined));
  if (first === undefined || last === undefined || step === undefined || step === 0) return undefined;
  const length = Math.floor((last - first) / step) + 1;
  if (!(length > 0)) return undefined;
  if (length > RANGE_FUNCTION_LENGTH_MAX) throw memoryExceeded();
  chargeList(run.meter, length);
  run.meter.charge(length / 8);
  return sequenceOf(Array.from({ length }, (_, i) => first + i * step));
};

const hash: Native = ([text, algorithm], run) => {
  if (typeof text !== 'string' || typeof algorithm !== 'string') return undefined;
  run.meter.charge(10 + text.length / 8);
  if (!isDigestName(algorithm)) throw failed(`The algorithm has to be one of ${DIGEST_NAMES.join(', ')}`);
  return digestOf(algorithm, text);
};

const random: Native = ([seed], run) =>
  typeof seed === 'number' && Number.isFinite(seed) ? new SeededChance(Math.trunc(seed)).double() : drawn(run);

const millis: Native = (_, { scope }) => parseInstant(scope.at);

export interface SignedFunction {
  readonly signature: string;
  readonly arity: number;
  readonly call: Native;
}

export const STEP_FUNCTIONS: Readonly<Record<string, SignedFunction>> = {
  hash: { signature: '<s?s?:s>', arity: 2, call: hash },
  millis: { signature: '<:n>', arity: 0, call: millis },
  parse: { signature: '<s?:x>', arity: 1, call: parse },
  partition: { signature: '<x?n?:a>', arity: 2, call: partition },
  random: { signature: '<n?:n>', arity: 1, call: random },
  range: { signature: '<nnn?:a>', arity: 3, call: range },
  uuid: { signature: '<:s>', arity: 0, call: (_, run) => uuidOf(() => drawn(run)) },
};
