import { compileIntrinsic, isIntrinsic } from '../intrinsics/syntax.ts';
import { compileExpression, isExpression } from '../jsonata/expression.ts';
import type { JsonataText, Path } from '../machine.ts';
import type { Fields } from './fields.ts';
import { quoted } from './fields.ts';

const OPENING = '{%';
const CLOSING = '%}';

/** Whether a text is meant as an expression: delimited as one, or as half of one. */
export const looksLikeJsonata = (text: string): boolean => text.startsWith(OPENING) || text.endsWith(CLOSING);

/** Checks an expression `{% … %}` that stands in a field. */
export const checkJsonata = (fields: Fields, name: string | number, text: string): JsonataText => {
  if (!isExpression(text)) {
    const message = `${quoted(text)} has to start with "${OPENING}" and end with "${CLOSING}", without spaces around them.`;
    fields.fault(name, 'BAD_JSONATA', message);
  } else {
    const compilation = compileExpression(text);
    if (!compilation.ok) {
      const { problem, position } = compilation;
      fields.fault(name, 'BAD_JSONATA', `${quoted(text)}: ${problem}, at position ${position + 1} of the expression.`);
    }
  }
  // The brand says that the text compiles; where it does not, a fault was noted and no machine is made of it.
  return text as JsonataText;
};

/** A path, or a call of an intrinsic function. */
export const readPathOrIntrinsic = (fields: Fields, name: string, use: 'any' | 'reference'): Path | undefined => {
  const text = fields.text(name);
  if (text === undefined || !isIntrinsic(text)) return fields.path(name, use);
  const compilation = compileIntrinsic(text);
  if (!compilation.ok) {
    const { problem, position } = compilation;
    fields.fault(name, 'BAD_INTRINSIC', `${quoted(text)}: ${problem}, at position ${position + 1} of the call.`);
  }
  return text as Path; // as for an expression
};
