import { assertNever, isJsonObject, type Json } from '@throughline/contracts';
import { type Evaluated, evaluatedTo, queryFailed } from '../evaluated.ts';
import type { Template } from '../machine.ts';
import type { Scope } from '../scope.ts';
import { evaluateExpression, type StatesData } from './evaluate.ts';
import { compiledExpression, isExpression } from './expression.ts';

const failed = (expression: string, field: string, outcome: string) =>
  queryFailed(field, `The JSONata expression '${expression}' specified for the field '${field}' ${outcome}`);

const fillText = (text: string, field: string, states: StatesData, scope: Scope): Evaluated => {
  if (!isExpression(text)) return evaluatedTo(text);
  const expression = compiledExpression(text);
  const result = evaluateExpression(expression, states, scope);
  switch (result.kind) {
    case 'value':
      return evaluatedTo(result.value);
    case 'nothing':
      return failed(expression.text, field, 'returned nothing (undefined).');
    case 'function':
      return failed(expression.text, field, 'returned an unsupported result type.');
    case 'thrown':
      return failed(expression.text, field, `threw an error during evaluation${result.problem}`);
    default:
      return assertNever(result);
  }
};

/**
 * A field of a JSONata state with its expressions evaluated; texts that are none stand as written. `field` is its place
 * as AWS's causes name it: relative to the state, `/` before a key, `[i]` for an index. What holds no expression comes
 * back as the same reference.
 */
export const fillJsonataTemplate = (template: Template, field: string, states: StatesData, scope: Scope): Evaluated => {
  if (typeof template === 'string') return fillText(template, field, states, scope);
  if (Array.isArray(template)) {
    const parts = template as readonly Json[]; // isArray does not narrow to a readonly array
    const items: Json[] = [];
    for (const [i, part] of parts.entries()) {
      const filled = fillJsonataTemplate(part, `${field}[${i}]`, states, scope);
      if (!filled.ok) return filled;
      items.push(filled.value);
    }
    return evaluatedTo(items.some((item, i) => item !== parts[i]) ? items : template);
  }
  if (!isJsonObject(template)) return evaluatedTo(template);
  const fields: [string, Json][] = [];
  for (const [name, part] of Object.entries(template)) {
    const filled = fillJsonataTemplate(part, `${field}/${name}`, states, scope);
    if (!filled.ok) return filled;
    fields.push([name, filled.value]);
  }
  return evaluatedTo(fields.some(([name, value]) => value !== template[name]) ? Object.fromEntries(fields) : template);
};
