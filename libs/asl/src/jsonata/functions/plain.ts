import { chargeText } from '../bounds.ts';
import { JsonataFailure } from '../failure.ts';
import { callLibrary, libraryFunction } from '../library.ts';
import type { Run } from '../run.ts';
import { NativeFunction, type Value } from '../values.ts';
import { numberOutOfRange } from '../walks.ts';
import { utcFieldsOf } from './utc-fields.ts';

/** Functions of texts and numbers that are the library's own. What could make one of them run long is refused before. */

type Guard = (args: readonly Value[]) => void;

const PICTURE_LENGTH_MAX = 500;

const pictureAt = (args: readonly Value[], i: number): string => {
  const picture = args[i];
  if (typeof picture !== 'string') return '';
  if (picture.length > PICTURE_LENGTH_MAX) {
    throw new JsonataFailure('D3137', { message: `A picture may have ${PICTURE_LENGTH_MAX} characters` });
  }
  return picture;
};

/** Roman numerals are as long as their number, and no letters or words stand for what is not finite. */
const isSpeltOut = (picture: string): boolean => /^[A-Za-z]/.test(picture);
const formatsInteger: Guard = (args) => {
  const [value] = args;
  if (typeof value !== 'number' || !isSpeltOut(pictureAt(args, 1))) return;
  const isRoman = /^[Ii]/.test(pictureAt(args, 1));
  if (!(Math.abs(value) <= (isRoman ? 1_000_000 : Number.MAX_VALUE))) throw numberOutOfRange(value);
};

/** Without a digit a picture describes no number; the library trips over it. */
const formatsNumber: Guard = (args) => {
  const picture = pictureAt(args, 1);
  if (args[0] !== undefined && args[2] === undefined && !/[#0-9]/.test(picture)) throw new JsonataFailure('D3086');
};

/** Widths are filled up with zeros. */
const boundedWidths = (picture: string): void => {
  if (/,[^\]]*\d{5}/.test(picture)) throw new JsonataFailure('D3137', { message: 'A width may have 4 digits' });
};
const formatsInstant: Guard = (args) => boundedWidths(pictureAt(args, 1));

/** Ways to split a text between fields that nothing separates are tried one after the other. */
const SPLITS_MAX = 100_000;
const splitsOf = (picture: string, length: number): number => {
  let [splits, isOpen] = [1, false];
  for (const [, marker, literal = ''] of picture.matchAll(/\[([^\]]*)\]|([^[]+)/g)) {
    if (marker === undefined) isOpen &&= /^[A-Za-z0-9+\-, ]*$/.test(literal);
    else if (!/^\s*[YMD]\s*\d{2}/.test(marker)) {
      if (isOpen) splits *= length;
      isOpen = true;
    }
  }
  return splits;
};
const parsesInstant: Guard = (args) => {
  const [text] = args;
  const picture = pictureAt(args, 1);
  boundedWidths(picture);
  if (typeof text !== 'string' || picture === '') return;
  if (text.length > PICTURE_LENGTH_MAX || splitsOf(picture, text.length) > SPLITS_MAX) {
    throw new JsonataFailure('D3137', { message: 'The timestamp could be read in too many ways by this picture' });
  }
};

const none: Guard = () => undefined;

const GUARDS: Readonly<Record<string, Guard>> = {
  abs: none,
  ceil: none,
  decodeUrl: none,
  decodeUrlComponent: none,
  encodeUrl: none,
  encodeUrlComponent: none,
  floor: none,
  formatBase: none,
  formatInteger: formatsInteger,
  formatNumber: formatsNumber,
  fromMillis: formatsInstant,
  length: none,
  lowercase: none,
  number: none,
  parseInteger: (args) => void pictureAt(args, 1),
  power: none,
  round: none,
  sqrt: none,
  substring: none,
  substringAfter: none,
  substringBefore: none,
  toMillis: parsesInstant,
  trim: none,
  uppercase: none,
};

/** A time without a zone is UTC: the library would take the zone of the machine. */
const withZone = (text: Value): Value =>
  typeof text === 'string' && /T\d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text}Z` : text;

const chargeTexts = (run: Run, values: readonly Value[]): void => {
  for (const value of values) if (typeof value === 'string') chargeText(run.meter, value.length);
};

const plain = (name: string, guard: Guard): NativeFunction => {
  const called = libraryFunction(name);
  return new NativeFunction(called.implementation.length, called.signature, (args, run) => {
    guard(args);
    // Some go through a text several times.
    run.meter.charge(1 + args.reduce<number>((sum, arg) => sum + (typeof arg === 'string' ? arg.length : 0), 0) / 8);
    const given = name === 'toMillis' && args[1] === undefined ? [withZone(args[0]), ...args.slice(1)] : [...args];
    chargeTexts(run, given);
    const value = callLibrary(name, called, { environment: { timestamp: utcFieldsOf(run.scope.at) } }, given);
    chargeTexts(run, [value]);
    return value;
  });
};

export const PLAIN_FUNCTIONS: ReadonlyMap<string, NativeFunction> = new Map(
  Object.entries(GUARDS).map(([name, guard]) => [name, plain(name, guard)]),
);
