import { assertNever, type Json } from '@throughline/contracts';
import { type ChoiceOperator, isChoiceOperator, type OperandType, OPERATORS } from '../choice-operators.ts';
import { parseInstant } from '../instant.ts';
import type { Comparison } from '../machine.ts';
import { type Fields, WHOLE } from './fields.ts';

const PATH_ENDING = 'Path';

/** The operator that a field names, and whether the field holds a path to the operand. */
const operatorOf = (field: string): { operator: ChoiceOperator; byPath: boolean } | undefined => {
  if (isChoiceOperator(field)) return { operator: field, byPath: false };
  const plain = field.endsWith(PATH_ENDING) ? field.slice(0, -PATH_ENDING.length) : '';
  return isChoiceOperator(plain) && OPERATORS[plain].hasPathForm ? { operator: plain, byPath: true } : undefined;
};

const isOfType = (value: Json, type: OperandType): boolean => {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    case 'timestamp':
      return typeof value === 'string' && parseInstant(value) !== undefined;
    default:
      return assertNever(type);
  }
};

const readOperand = (
  fields: Fields,
  field: string,
  operator: ChoiceOperator,
  byPath: boolean,
): Comparison['operand'] => {
  if (byPath) return { kind: 'path', path: fields.path(field, 'any') ?? WHOLE };
  const value = fields.value(field) ?? null;
  const type = OPERATORS[operator].operand;
  if (!isOfType(value, type)) {
    const form = type === 'timestamp' ? 'timestamp such as "2026-01-31T12:00:00Z"' : type;
    fields.fault(field, 'WRONG_TYPE', `"${field}" compares with a ${form}.`);
  }
  return { kind: 'value', value };
};

/** A rule of one `Variable` and exactly one operator. */
export const readComparison = (fields: Fields, own: readonly string[]): Comparison => {
  const operators = Object.keys(fields.values).filter((field) => operatorOf(field) !== undefined);
  fields.allow({ both: own, JSONPath: ['Variable', ...operators] });
  fields.require('Variable');
  const variable = fields.path('Variable', 'any') ?? WHOLE;
  const [field, ...others] = operators;
  for (const other of others) {
    fields.fault(other, 'BAD_CHOICE_RULE', `A rule has one operator; this one has "${field}" already.`);
  }
  const named = field === undefined ? undefined : operatorOf(field);
  if (field === undefined || named === undefined) {
    fields.fault(undefined, 'BAD_CHOICE_RULE', 'A rule needs an operator such as "StringEquals", or And, Or, Not.');
    return { kind: 'compare', variable, operator: 'IsPresent', operand: { kind: 'value', value: true } };
  }
  const { operator, byPath } = named;
  return { kind: 'compare', variable, operator, operand: readOperand(fields, field, operator, byPath) };
};
