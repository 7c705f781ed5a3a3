import type { JsonataText, Path } from '../machine.ts';
import type { Fields } from './fields.ts';
import { quoted } from './fields.ts';

const OPENING = '{%';
const CLOSING = '%}';

/** Whether a text is meant as an expression: delimited as one, or as half of one. */
export const looksLikeJsonata = (text: string): boolean => text.startsWith(OPENING) || text.endsWith(CLOSING);

/** Checks an expression `{% … %}` that stands in a field. */
export const checkJsonata = (fields: Fields, name: string | number, text: string): JsonataText => {
  if (!text.startsWith(OPENING) || !text.endsWith(CLOSING) || text.length < OPENING.length + CLOSING.length) {
    const message = `${quoted(text)} has to start with "${OPENING}" and end with "${CLOSING}", without spaces around them.`;
    fields.fault(name, 'BAD_JSONATA', message);
  }
  // The brand says that the text compiles; where it does not, a fault was noted and no machine is made of it.
  return text as JsonataText;
};

/** A path, or a call of an intrinsic function. */
export const readPathOrIntrinsic = (fields: Fields, name: string, use: 'any' | 'reference'): Path | undefined => {
  if (!fields.text(name)?.startsWith('States.')) return fields.path(name, use);
  fields.fault(name, 'NOT_RUN_BY_THIS_VERSION', 'Intrinsic functions are not run by this version.');
  return undefined;
};
