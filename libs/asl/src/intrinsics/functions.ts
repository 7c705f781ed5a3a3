import { isJsonObject, type Json } from '@throughline/contracts';
import { SeededChance, uuidOf } from '../chance.ts';
import type { CostMeter } from '../cost-meter.ts';
import {
  base64Of,
  bytesOfBase64,
  DIGEST_NAMES,
  digestOf,
  isDigestName,
  textOfUtf8,
  utf8BytesOf,
} from '../text-encoding.ts';
import { canonicalText, javaText, jsonLength, parseJson } from '../json-texts.ts';
import type { IntrinsicName } from './signatures.ts';

/** What is wrong with the arguments; becomes the cause of a States.IntrinsicFailure. */
export class IntrinsicFailure extends Error {}

export interface IntrinsicTools {
  readonly random01: () => number;
  readonly meter: CostMeter;
}
type Intrinsic = (args: readonly Json[], tools: IntrinsicTools) => Json;

/** As AWS bounds them. */
const RANGE_LENGTH_MAX = 1_000;
const CODED_LENGTH_MAX = 10_000;
/** More characters than any state's data may have. */
const TEXT_LENGTH_MAX = 1_048_576;
const INT_MIN = -2_147_483_648;
const INT_MAX = 2_147_483_647;

const ordinals = ['first', 'second', 'third'] as const;
const refuse = (i: number, wanted: string): never => {
  throw new IntrinsicFailure(`The ${ordinals[i] ?? 'last'} argument has to be ${wanted}.`);
};

const listAt = (args: readonly Json[], i: number): readonly Json[] => {
  const value = args[i] ?? null;
  return Array.isArray(value) ? (value as readonly Json[]) : refuse(i, 'an array'); // isArray does not narrow to a readonly array
};
const textAt = (args: readonly Json[], i: number): string => {
  const value = args[i];
  return typeof value === 'string' ? value : refuse(i, 'a string');
};
const numberAt = (args: readonly Json[], i: number): number => {
  const value = args[i];
  return typeof value === 'number' ? value : refuse(i, 'a number');
};
/** Rounded as Java rounds: a half goes up, so -1.5 becomes -1. */
const integerAt = (args: readonly Json[], i: number): number => {
  const value = Math.round(numberAt(args, i)) + 0;
  return value >= INT_MIN && value <= INT_MAX ? value : refuse(i, `from ${INT_MIN} to ${INT_MAX}`);
};

const codedTextAt = (args: readonly Json[], i: number): string => {
  const text = textAt(args, i);
  return text.length <= CODED_LENGTH_MAX ? text : refuse(i, `a string of ${CODED_LENGTH_MAX} characters or fewer`);
};

const partition: Intrinsic = (args) => {
  const items = listAt(args, 0);
  const size = integerAt(args, 1);
  if (size < 1) return refuse(1, 'greater than zero');
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
};

const range: Intrinsic = (args) => {
  const [first, last, step] = [integerAt(args, 0), integerAt(args, 1), integerAt(args, 2)];
  if (step === 0) return refuse(2, 'other than zero');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > RANGE_LENGTH_MAX)
    throw new IntrinsicFailure(`A range may have ${RANGE_LENGTH_MAX} items, not ${length}.`);
  return Array.from({ length }, (_, i) => first + i * step);
};

const item: Intrinsic = (args) => {
  const items = listAt(args, 0);
  const index = numberAt(args, 1);
  const isIndex = Number.isInteger(index) && index >= 0 && index < items.length;
  return isIndex ? (items[index] ?? null) : refuse(1, `an index from 0 to ${items.length - 1}`);
};

const unique: Intrinsic = (args, { meter }) => {
  const seen = new Set<string>();
  return listAt(args, 0).filter((value) => {
    const text = canonicalText(value, meter);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
};

const contains: Intrinsic = (args, { meter }) => {
  const wanted = canonicalText(args[1] ?? null, meter);
  return listAt(args, 0).some((value) => canonicalText(value, meter) === wanted);
};

const decode: Intrinsic = (args) => {
  const bytes = bytesOfBase64(codedTextAt(args, 0));
  return bytes ? textOfUtf8(bytes) : refuse(0, 'Base64');
};

const hash: Intrinsic = (args, { meter }) => {
  const [value = null] = args;
  const text = typeof value === 'string' ? value : jsonText(value, meter);
  if (text.length > CODED_LENGTH_MAX) return refuse(0, `data of ${CODED_LENGTH_MAX} characters or fewer`);
  const algorithm = textAt(args, 1);
  meter.charge(text.length);
  return isDigestName(algorithm) ? digestOf(algorithm, text) : refuse(1, `one of ${DIGEST_NAMES.join(', ')}`);
};

const merge: Intrinsic = (args) => {
  const [first = null, second = null, deep] = args;
  if (!isJsonObject(first)) return refuse(0, 'an object');
  if (!isJsonObject(second)) return refuse(1, 'an object');
  if (deep !== false) return refuse(2, 'false: objects are merged at their top level only');
  return Object.fromEntries([...Object.entries(first), ...Object.entries(second)]);
};

const random: Intrinsic = (args, { random01 }) => {
  const [start, end] = [integerAt(args, 0), integerAt(args, 1)];
  const width = end - start;
  if (width < 1) return refuse(1, 'greater than the first');
  if (args.length < 3 || width > INT_MAX) return start + Math.floor(random01() * width);
  return start + new SeededChance(integerAt(args, 2)).below(width);
};

const add: Intrinsic = (args) => {
  const sum = integerAt(args, 0) + integerAt(args, 1);
  if (sum >= INT_MIN && sum <= INT_MAX) return sum;
  throw new IntrinsicFailure(`The sum has to be from ${INT_MIN} to ${INT_MAX}.`);
};

/** Every character of the delimiter splits, and what is empty is left out. */
const split: Intrinsic = (args, { meter }) => {
  const delimiters = new Set(textAt(args, 1));
  const parts: string[] = [];
  let part = '';
  const text = textAt(args, 0);
  meter.charge(text.length / 8);
  for (const char of text) {
    if (!delimiters.has(char)) part += char;
    else if (part !== '') {
      parts.push(part);
      part = '';
    }
  }
  return part === '' ? parts : [...parts, part];
};

const parse: Intrinsic = (args) => {
  const text = textAt(args, 0);
  if (text.trim() === '') return null;
  const parsed = parseJson(text);
  return parsed === undefined ? refuse(0, 'a JSON text') : parsed;
};

const tooLong = (): never => {
  throw new IntrinsicFailure(`A text may have ${TEXT_LENGTH_MAX} characters.`);
};
const jsonText = (value: Json, meter: CostMeter): string =>
  jsonLength(value, meter) > TEXT_LENGTH_MAX ? tooLong() : JSON.stringify(value);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Fills the `{}` between the pieces. */
export const format = (pieces: readonly string[], values: readonly Json[], meter: CostMeter): string => {
  if (values.length !== pieces.length - 1) {
    throw new IntrinsicFailure(`The text has ${pieces.length - 1} "{}" for ${values.length} arguments.`);
  }
  const texts = values.map((value) =>
    typeof value === 'string' ? value : jsonLength(value, meter) > TEXT_LENGTH_MAX ? tooLong() : javaText(value),
  );
  if (sum(texts.map(({ length }) => length)) > TEXT_LENGTH_MAX) return tooLong();
  return pieces.map((piece, i) => (i === 0 ? piece : `${texts[i - 1] ?? ''}${piece}`)).join('');
};

/** A template that was read from the data: there a backslash escapes a brace too. */
const piecesOf = (template: string): readonly string[] =>
  template.split(/(?<!\\)\{\}/).map((piece) => piece.replaceAll(/\\([{}'\\])/g, '$1'));

export const INTRINSICS: { readonly [Name in IntrinsicName]: Intrinsic } = {
  'States.Array': (args) => args,
  'States.ArrayContains': contains,
  'States.ArrayGetItem': item,
  'States.ArrayLength': (args) => listAt(args, 0).length,
  'States.ArrayPartition': partition,
  'States.ArrayRange': range,
  'States.ArrayUnique': unique,
  'States.Base64Decode': decode,
  'States.Base64Encode': (args) => base64Of(utf8BytesOf(codedTextAt(args, 0))),
  'States.Format': (args, { meter }) => format(piecesOf(textAt(args, 0)), args.slice(1), meter),
  'States.Hash': hash,
  'States.JsonMerge': merge,
  'States.JsonToString': ([value = null], { meter }) => jsonText(value, meter),
  'States.MathAdd': add,
  'States.MathRandom': random,
  'States.StringSplit': split,
  'States.StringToJson': parse,
  'States.UUID': (_, { random01 }) => uuidOf(random01),
};
