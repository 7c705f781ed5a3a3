import type { Json } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, queryFailed } from './evaluated.ts';
import type { StatesData } from './jsonata/evaluate.ts';
import { fillJsonataTemplate } from './jsonata/fill-template.ts';
import type { JsonataText } from './machine.ts';
import type { Scope } from './scope.ts';

export type { StatesData };

/** A field of a JSONata state with its expressions evaluated. `field` is its name as AWS's cause texts have it: `Output`. */
export const jsonataValue = fillJsonataTemplate;

/** The expression of `{% … %}`, as AWS's cause texts quote it. */
const quotedExpression = (text: JsonataText): string => text.slice(2, -2).trim();

const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

interface Kinds {
  boolean: boolean;
  number: number;
  string: string;
}

/** An expression that has to give a value of one type. */
export const jsonataOfKind = <K extends keyof Kinds>(
  kind: K,
  expression: JsonataText,
  field: string,
  states: StatesData,
  scope: Scope,
): Evaluated<Kinds[K]> => {
  const evaluated = jsonataValue(expression, field, states, scope);
  if (!evaluated.ok) return evaluated;
  const { value } = evaluated;
  // The cast says what the comparison has tested: `typeof` of a generic kind narrows nothing.
  return kindOf(value) === kind ? evaluatedTo(value as Kinds[K]) : unexpectedKind(kind, expression, field, value);
};

export const unexpectedKind = (expected: string, expression: JsonataText, field: string, value: Json) =>
  queryFailed(
    field,
    `The JSONata expression '${quotedExpression(expression)}' specified for the field '${field}' returned an unexpected result type. Expected '${expected}', but was '${kindOf(value)}' for value: ${JSON.stringify(value)}`,
  );
