import { base64Of, bytesOfBase64, textOfUtf8, utf8BytesOf } from '../../text-encoding.ts';
import { chargeList, chargeText, checkTextLength } from '../bounds.ts';
import { JsonataFailure } from '../failure.ts';
import { type Match, matchesIn } from '../matching.ts';
import type { Run } from '../run.ts';
import { isFunction, isList, newObject, ownList, sequenceOf, type Value } from '../values.ts';
import { textOf } from '../walks.ts';

/** Functions of texts whose results can be larger than what they are given, or that search. */

type Native = (args: readonly Value[], run: Run) => Value;

const string: Native = ([value, pretty], run) =>
  value === undefined ? undefined : textOf(value, run.meter, pretty === true);

const pad: Native = ([text, width, fill], run) => {
  if (typeof text !== 'string' || typeof width !== 'number') return undefined;
  run.meter.charge(text.length / 8);
  const length = [...text].length;
  const missing = Math.trunc(Math.abs(width)) - length;
  if (!(missing > 0)) return text;
  const chars = typeof fill === 'string' && fill !== '' ? [...fill] : [' '];
  // Of a character outside the basic plane a text holds two units.
  chargeText(run.meter, text.length + 2 * missing);
  run.meter.charge(chars.length / 8);
  const padding =
    chars.join('').repeat(Math.floor(missing / chars.length)) + chars.slice(0, missing % chars.length).join('');
  return width > 0 ? text + padding : padding + text;
};

const join: Native = ([texts, separator], run) => {
  if (!isList(texts)) return undefined;
  const between = typeof separator === 'string' ? separator : '';
  chargeList(run.meter, texts.length);
  const length = texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? text.length : 0), 0);
  chargeText(run.meter, length + between.length * Math.max(0, texts.length - 1));
  return texts.join(between);
};

/** A limit below zero is refused; nothing means no limit. */
const limitOf = (limit: Value, code: string, index: number): number => {
  if (typeof limit !== 'number') return Infinity;
  if (limit < 0) throw new JsonataFailure(code, { value: limit, index });
  return limit;
};

const contains: Native = ([text, token], run) => {
  if (typeof text !== 'string') return undefined;
  chargeText(run.meter, text.length);
  if (typeof token === 'string') return text.includes(token);
  for (const _ of matchesIn(run, token, text)) return true;
  return false;
};

const match: Native = ([text, matcher, limit], run) => {
  if (typeof text !== 'string') return undefined;
  const most = limitOf(limit, 'D3040', 3);
  const found: Value[] = [];
  if (most > 0) {
    for (const { match: matched, start, groups } of matchesIn(run, matcher, text)) {
      run.meter.charge(1);
      found.push(newObject(Object.entries({ match: matched, index: start, groups: ownList([...groups]) })));
      if (found.length >= most) break;
    }
  }
  return sequenceOf(found);
};

const split: Native = ([text, separator, limit], run) => {
  if (typeof text !== 'string') return undefined;
  const most = limitOf(limit, 'D3020', 3);
  chargeText(run.meter, text.length);
  if (typeof separator === 'string') {
    const parts = most === Infinity ? text.split(separator) : text.split(separator, most);
    run.meter.charge(parts.length / 4);
    chargeList(run.meter, parts.length);
    return ownList(parts);
  }
  const parts: Value[] = [];
  let start = 0;
  if (most > 0) {
    for (const found of matchesIn(run, separator, text)) {
      run.meter.charge(1);
      parts.push(text.slice(start, found.start));
      start = found.end;
      if (parts.length >= most) return ownList(parts);
    }
    parts.push(text.slice(start));
  }
  return ownList(parts);
};

/** `$0`, `$1`, … of a replacement by what the match has there. */
const substituted = (replacement: string, { match: matched, groups }: Match): string => {
  const digitsMax = groups.length === 0 ? 1 : Math.floor(Math.log10(groups.length)) + 1;
  let result = '';
  let position = 0;
  for (let at = replacement.indexOf('$'); at !== -1; at = replacement.indexOf('$', position)) {
    result += replacement.slice(position, at);
    position = at + 1;
    const following = replacement[position];
    if (following === '$' || following === '0') {
      result += following === '$' ? '$' : matched;
      position += 1;
      continue;
    }
    let index = Number.parseInt(replacement.slice(position, position + digitsMax), 10);
    if (digitsMax > 1 && index > groups.length) {
      index = Number.parseInt(replacement.slice(position, position + digitsMax - 1), 10);
    }
    if (Number.isNaN(index)) result += '$';
    else {
      result += groups[index - 1] ?? '';
      position += `${index}`.length;
    }
  }
  return result + replacement.slice(position);
};

/** Grows a text, and stops where it holds more than a value may. */
class Growing {
  text = '';
  constructor(private readonly run: Run) {}
  add(part: string): void {
    this.text += part;
    this.run.meter.charge(0.5 + part.length / 64);
    checkTextLength(this.text.length);
  }
}

const replaceText = (run: Run, text: string, pattern: string, replacement: string, most: number): string => {
  const result = new Growing(run);
  let [position, count] = [0, 0];
  for (let at = text.indexOf(pattern); at !== -1 && count < most; at = text.indexOf(pattern, position), count += 1) {
    result.add(text.slice(position, at) + replacement);
    position = at + pattern.length;
  }
  result.add(text.slice(position));
  return result.text;
};

const replacementFor = (run: Run, replacement: Value, found: Match): string => {
  const text =
    typeof replacement === 'string'
      ? substituted(replacement, found)
      : run.apply(replacement, [found.value], undefined);
  if (typeof text !== 'string') throw new JsonataFailure('D3012', { value: text });
  return text;
};

const replace: Native = ([text, pattern, replacement, limit], run) => {
  if (typeof text !== 'string') return undefined;
  if (pattern === '') throw new JsonataFailure('D3010', { value: pattern, index: 2 });
  const most = limitOf(limit, 'D3011', 4);
  chargeText(run.meter, text.length);
  if (!(most > 0)) return text;
  if (typeof pattern === 'string') {
    const fixed =
      typeof replacement === 'string' ? replacement : isFunction(replacement) ? '' : `${String(replacement)}`;
    return replaceText(run, text, pattern, fixed, most);
  }
  const result = new Growing(run);
  let [position, count] = [0, 0];
  for (const found of matchesIn(run, pattern, text)) {
    result.add(text.slice(position, found.start));
    result.add(replacementFor(run, replacement, found));
    position = found.start + found.match.length;
    count += 1;
    if (count >= most) break;
  }
  result.add(text.slice(position));
  return result.text;
};

const base64encode: Native = ([text], run) => {
  if (typeof text !== 'string') return undefined;
  run.meter.charge(text.length / 4);
  return base64Of(utf8BytesOf(text));
};
const base64decode: Native = ([text], run) => {
  if (typeof text !== 'string') return undefined;
  run.meter.charge(text.length);
  const bytes = bytesOfBase64(text.replaceAll(/[^A-Za-z0-9+/]/g, ''));
  return bytes ? textOfUtf8(bytes) : '';
};

export const TEXT_FUNCTIONS: Readonly<Record<string, Native>> = {
  base64decode,
  base64encode,
  contains,
  join,
  match,
  pad,
  replace,
  split,
  string,
};
