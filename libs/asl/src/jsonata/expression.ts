import jsonata from 'jsonata';
import { BoundedCache } from '../bounded-cache.ts';

/** A JSONata expression whose syntax is known to be right. */
export interface CompiledExpression {
  /** Without `{%` and `%}`, trimmed: AWS's cause texts quote it so. */
  readonly text: string;
  readonly library: jsonata.Expression;
}

export type ExpressionCompilation =
  | { readonly ok: true; readonly expression: CompiledExpression }
  /** `position` counts from 0 into the text between `{%` and `%}`. */
  | { readonly ok: false; readonly problem: string; readonly position: number };

/** Whether a text of a JSONata state is an expression; every other text stands for itself. */
export const isExpression = (text: string): boolean => text.length >= 4 && text.startsWith('{%') && text.endsWith('%}');

const isJsonataError = (error: unknown): error is { readonly message: string; readonly position: number } =>
  typeof error === 'object' && error !== null && 'message' in error && 'position' in error;

export const compileExpression = (text: string): ExpressionCompilation => {
  const inner = text.slice(2, -2).trim();
  try {
    return { ok: true, expression: { text: inner, library: jsonata(inner) } };
  } catch (error) {
    if (isJsonataError(error)) return { ok: false, problem: error.message, position: error.position };
    return { ok: false, problem: error instanceof Error ? error.message : 'this is no JSONata', position: 0 };
  }
};

const compiled = new BoundedCache<CompiledExpression>(4_096);

/** The compiled form of an expression that passed validation. */
export const compiledExpression = (text: string): CompiledExpression =>
  compiled.get(text, () => {
    const compilation = compileExpression(text);
    if (!compilation.ok) throw new Error(`an expression that was not validated: ${text}: ${compilation.problem}`);
    return compilation.expression;
  });
