import type { Json } from '@throughline/contracts';
import type { Scope } from '../scope.ts';
import type { CompiledExpression } from './expression.ts';

/** What `$states` holds besides the context object. */
export interface StatesData {
  readonly input: Json;
  readonly result?: Json;
  readonly errorOutput?: Json;
}

/** What an expression gave: a value, nothing, or a failure in the words that follow AWS's sentence about it. */
export type ExpressionResult =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'thrown'; readonly problem: string };

export const evaluateExpression = (
  { library }: CompiledExpression,
  states: StatesData,
  scope: Scope,
): ExpressionResult => {
  const bindings: Record<string, unknown> = { states: { ...states, context: scope.context } };
  for (const name of variablesIn(library.ast())) {
    if (name === 'states') continue;
    const value = scope.variable(name);
    if (value !== undefined) bindings[name] = value;
  }
  try {
    const value: unknown = library.evaluate(undefined, bindings);
    if (value === undefined) return { kind: 'nothing' };
    return { kind: 'value', value: JSON.parse(JSON.stringify(value)) as Json }; // JSON.parse gives nothing else
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string }; // what the library throws
    return { kind: 'thrown', problem: code === undefined ? `: ${message ?? ''}` : `. ${code}: ${message ?? ''}` };
  }
};

const variablesIn = (node: unknown, found = new Set<string>()): ReadonlySet<string> => {
  if (typeof node !== 'object' || node === null) return found;
  if ('type' in node && node.type === 'variable' && 'value' in node) found.add(String(node.value));
  for (const part of Object.values(node)) variablesIn(part, found);
  return found;
};
