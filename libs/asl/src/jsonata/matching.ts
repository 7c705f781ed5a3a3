import { JsonataFailure } from './failure.ts';
import type { Found, RegularExpression } from './regular-expression.ts';
import type { Run } from './run.ts';
import {
  isFunction,
  isList,
  isObject,
  NativeFunction,
  newObject,
  ownList,
  RegexFunction,
  type Value,
  valueAt,
} from './values.ts';

/** Matches of a regular expression, or of a function that answers as one does. */

const valueOf = (regex: RegularExpression, text: string, found: Found): Value => {
  const next = new NativeFunction(0, undefined, (_, run) => {
    if (found.end >= text.length) return undefined;
    const following = regex.find(text, found.end, run.meter);
    if (following?.match === '') throw new JsonataFailure('D1004', { value: regex.source });
    return following && valueOf(regex, text, following);
  });
  const { match, start, end, groups } = found;
  return newObject(Object.entries({ match, start, end, groups: ownList([...groups]), next }));
};

export const foundValue = (run: Run, regex: RegularExpression, text: Value, from: number): Value => {
  if (typeof text !== 'string') throw new JsonataFailure('T0410', { index: 1, value: text });
  const found = regex.find(text, from, run.meter);
  return found && valueOf(regex, text, found);
};

const foundBy = (answer: Value): (Found & { readonly next: Value; readonly value: Value }) | undefined => {
  if (answer === undefined) return undefined;
  const [match, start, end, groups, next] = isObject(answer)
    ? (['match', 'start', 'end', 'groups', 'next'] as const).map((key) => valueAt(answer, key))
    : [];
  const isMatch =
    typeof match === 'string' &&
    typeof start === 'number' &&
    typeof end === 'number' &&
    isList(groups) &&
    isFunction(next);
  if (!isMatch) throw new JsonataFailure('T1010');
  const texts = groups.map((group) => (typeof group === 'string' ? group : undefined));
  return { match, start, end, groups: texts, next, value: answer };
};

export interface Match extends Found {
  /** What a replacing function is called with. */
  readonly value: Value;
}

/** All matches, one after the other. The second and later ones must not be empty: nothing would come after them. */
export function* matchesIn(run: Run, matcher: Value, text: string): Generator<Match> {
  if (!(matcher instanceof RegexFunction)) {
    let found = foundBy(run.apply(matcher, [text], undefined));
    while (found) {
      yield found;
      found = foundBy(run.apply(found.next, [], undefined));
    }
    return;
  }
  const { regex } = matcher;
  let found = regex.find(text, 0, run.meter);
  while (found) {
    yield { ...found, value: valueOf(regex, text, found) };
    if (found.end >= text.length) return;
    found = regex.find(text, found.end, run.meter);
    if (found?.match === '') throw new JsonataFailure('D1004', { value: regex.source });
  }
}
