import { assertNever } from '@throughline/contracts';
import { chargeList, chargeText } from './bounds.ts';
import { JsonataFailure } from './failure.ts';
import type { BinaryNode, BinaryOperator } from './nodes.ts';
import type { Run } from './run.ts';
import { type Frame, listOf, sequenceOf, type Value } from './values.ts';
import { equal, isNumber, textOf, truth } from './walks.ts';

type Eager = Exclude<BinaryOperator, 'and' | 'or'>;
type Arithmetic = '+' | '-' | '*' | '/' | '%';
type Comparing = '<' | '<=' | '>' | '>=';

const RANGE_LENGTH_MAX = 10_000_000;

const reckon = (operator: Arithmetic, left: number, right: number): number => {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    default:
      return assertNever(operator);
  }
};

const arithmetic = (operator: Arithmetic, left: Value, right: Value): Value => {
  if (left !== undefined && !isNumber(left)) throw new JsonataFailure('T2001', { value: left });
  if (right !== undefined && !isNumber(right)) throw new JsonataFailure('T2002', { value: right });
  return left === undefined || right === undefined ? undefined : reckon(operator, left, right);
};

const isComparable = (value: Value): value is string | number | undefined =>
  value === undefined || typeof value === 'string' || typeof value === 'number';

const comparison = (operator: Comparing, left: Value, right: Value): Value => {
  for (const value of [left, right]) if (!isComparable(value)) throw new JsonataFailure('T2010', { value });
  if (left === undefined || right === undefined) return undefined;
  if (typeof left !== typeof right) throw new JsonataFailure('T2009', { value: left, value2: right });
  // Both are numbers or both are texts.
  const [a, b] = [left as string, right as string];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return assertNever(operator);
  }
};

const isInteger = (value: Value): value is number => typeof value === 'number' && Number.isInteger(value);

export const range = (run: Run, left: Value, right: Value): Value => {
  if (left !== undefined && !isInteger(left)) throw new JsonataFailure('T2003', { value: left });
  if (right !== undefined && !isInteger(right)) throw new JsonataFailure('T2004', { value: right });
  if (left === undefined || right === undefined || left > right) return undefined;
  const length = right - left + 1;
  if (length > RANGE_LENGTH_MAX) throw new JsonataFailure('D2014', { value: length });
  chargeList(run.meter, length);
  return sequenceOf(Array.from({ length }, (_, i) => left + i));
};

const concatenation = (run: Run, left: Value, right: Value): string => {
  const [a, b] = [left, right].map((value) => (value === undefined ? '' : textOf(value, run.meter)));
  const text = `${a}${b}`;
  chargeText(run.meter, text.length);
  return text;
};

const includes = (run: Run, left: Value, right: Value): boolean => {
  if (left === undefined || right === undefined) return false;
  const list = listOf(right);
  chargeList(run.meter, list.length);
  return list.some((item) => item === left);
};

const isEqual = (run: Run, left: Value, right: Value): boolean =>
  left !== undefined && right !== undefined && equal(left, right, run.meter);

const applied = (run: Run, operator: Eager, left: Value, right: Value): Value => {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(operator, left, right);
    case '=':
      return isEqual(run, left, right);
    case '!=':
      // Nothing is neither equal to anything nor unequal.
      return left !== undefined && right !== undefined && !isEqual(run, left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(operator, left, right);
    case '&':
      return concatenation(run, left, right);
    case '..':
      return range(run, left, right);
    case 'in':
      return includes(run, left, right);
    default:
      return assertNever(operator);
  }
};

export const evaluateBinary = (run: Run, node: BinaryNode, input: Value, frame: Frame): Value => {
  const left = run.evaluate(node.lhs, input, frame);
  const operator = node.value;
  if (operator === 'and' || operator === 'or') {
    const settles = operator === 'or';
    if ((truth(left, run.meter) ?? false) === settles) return settles;
    return truth(run.evaluate(node.rhs, input, frame), run.meter) ?? false;
  }
  const right = run.evaluate(node.rhs, input, frame);
  try {
    return applied(run, operator, left, right);
  } catch (error) {
    throw error instanceof JsonataFailure ? error.within(operator) : error;
  }
};
