import { BoundedCache } from '../bounded-cache.ts';
import { parsed } from './library.ts';
import type { Node } from './nodes.ts';
import { problemIn } from './static-checks.ts';
import { topLevelName } from './top-level.ts';

/** A JSONata expression that can be evaluated. */
export interface CompiledExpression {
  /** Without `{%` and `%}`, trimmed: AWS's cause texts quote it so. */
  readonly text: string;
  readonly root: Node;
}

export type ExpressionCompilation =
  | { readonly ok: true; readonly expression: CompiledExpression }
  /** `position` counts from 0 into the text between `{%` and `%}`. */
  | { readonly ok: false; readonly problem: string; readonly position: number };

/** Whether a text of a JSONata state is an expression; every other text stands for itself. */
export const isExpression = (text: string): boolean => text.length >= 4 && text.startsWith('{%') && text.endsWith('%}');

const isJsonataError = (error: unknown): error is { readonly message: string; readonly position: number } =>
  typeof error === 'object' && error !== null && 'message' in error && 'position' in error;

/** More than any expression needs; what a definition as a whole may have is bounded too. */
const EXPRESSION_LENGTH_MAX = 32_768;
const TOO_DEEP = 'the expression is nested too deep';

/** Signs before a number leave no trace in the tree, but the parser goes down with each. */
const QUOTED_OR_COMMENT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\*[^]*?\*\//g;
const MANY_SIGNS = /(?:-\s*){100}/;

const parse = (text: string): Node | { readonly problem: string; readonly position: number } => {
  try {
    return parsed(text);
  } catch (error) {
    if (isJsonataError(error)) return { problem: error.message, position: error.position };
    // The parser goes down with the nesting, and the engine's stack ends: nothing else is thrown without a position.
    return { problem: TOO_DEEP, position: 0 };
  }
};

export const compileExpression = (text: string): ExpressionCompilation => {
  const inner = text.slice(2, -2).trim();
  const refused = (problem: string, position = 0): ExpressionCompilation => ({ ok: false, problem, position });
  if (inner.length > EXPRESSION_LENGTH_MAX)
    return refused(`an expression may have ${EXPRESSION_LENGTH_MAX} characters`);
  if (MANY_SIGNS.test(inner.replaceAll(QUOTED_OR_COMMENT, ''))) return refused(TOO_DEEP);
  const root = parse(inner);
  if ('problem' in root) return refused(root.problem, root.position);
  const problem = problemIn(root, TOO_DEEP);
  if (problem) return refused(problem.text, problem.position);
  const bare = topLevelName(root);
  if (bare) return refused(`Reference to '${bare.name}' at the top level is not supported.`, bare.position);
  return { ok: true, expression: { text: inner, root } };
};

const compiled = new BoundedCache<CompiledExpression>(4_096);

/** The compiled form of an expression that passed validation. */
export const compiledExpression = (text: string): CompiledExpression =>
  compiled.get(text, () => {
    const compilation = compileExpression(text);
    if (!compilation.ok) throw new Error(`an expression that was not validated: ${text}: ${compilation.problem}`);
    return compilation.expression;
  });
