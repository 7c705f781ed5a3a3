import type { Json } from '@throughline/contracts';
import { parseExactInstant } from './instant.ts';
import { matchesWildcards } from './wildcards.ts';

/** How one operator of a Choice rule tests a value. A value of another type than the operator's never matches. */
export interface OperatorTest {
  /** What the operand has to be; `timestamp` is RFC 3339 text. */
  readonly operand: OperandType;
  /** Whether `<operator>Path`, with the operand read from a path, exists. */
  readonly hasPathForm: boolean;
  test(value: Json, operand: Json): boolean;
}
export type OperandType = 'string' | 'number' | 'boolean' | 'timestamp';

/** Compares two values of one type; undefined where either is of another type. */
type Order = (value: Json, operand: Json) => number | undefined;

const sign = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** By UTF-16 code units, as Java's strings compare, and so AWS's. */
const strings: Order = (a, b) => (typeof a === 'string' && typeof b === 'string' ? sign(a, b) : undefined);
const numbers: Order = (a, b) => (typeof a === 'number' && typeof b === 'number' ? sign(a, b) : undefined);
const booleans: Order = (a, b) => (typeof a === 'boolean' && typeof b === 'boolean' ? sign(a, b) : undefined);
const instantOf = (value: Json) => (typeof value === 'string' ? parseExactInstant(value) : undefined);
const timestamps: Order = (a, b) => {
  const [first, second] = [instantOf(a), instantOf(b)];
  return first && second && (sign(first.ms, second.ms) || sign(first.nanos, second.nanos));
};

const compare = (operand: OperandType, order: Order, accepts: (order: number) => boolean): OperatorTest => ({
  operand,
  hasPathForm: true,
  test: (value, other) => {
    const found = order(value, other);
    return found !== undefined && accepts(found);
  },
});

const isOfKind = (is: (value: Json) => boolean): OperatorTest => ({
  operand: 'boolean',
  hasPathForm: false,
  test: (value, expected) => is(value) === expected,
});

const equal = (order: number): boolean => order === 0;
const less = (order: number): boolean => order < 0;
const greater = (order: number): boolean => order > 0;
const lessOrEqual = (order: number): boolean => order <= 0;
const greaterOrEqual = (order: number): boolean => order >= 0;

/** Every comparison of Amazon States Language. `IsPresent` gets only values that are there: see `chooseNext`. */
export const OPERATORS = {
  StringEquals: compare('string', strings, equal),
  StringLessThan: compare('string', strings, less),
  StringGreaterThan: compare('string', strings, greater),
  StringLessThanEquals: compare('string', strings, lessOrEqual),
  StringGreaterThanEquals: compare('string', strings, greaterOrEqual),
  StringMatches: {
    operand: 'string',
    hasPathForm: false,
    test: (value, pattern) =>
      typeof value === 'string' && typeof pattern === 'string' && matchesWildcards(value, pattern),
  },
  NumericEquals: compare('number', numbers, equal),
  NumericLessThan: compare('number', numbers, less),
  NumericGreaterThan: compare('number', numbers, greater),
  NumericLessThanEquals: compare('number', numbers, lessOrEqual),
  NumericGreaterThanEquals: compare('number', numbers, greaterOrEqual),
  BooleanEquals: compare('boolean', booleans, equal),
  TimestampEquals: compare('timestamp', timestamps, equal),
  TimestampLessThan: compare('timestamp', timestamps, less),
  TimestampGreaterThan: compare('timestamp', timestamps, greater),
  TimestampLessThanEquals: compare('timestamp', timestamps, lessOrEqual),
  TimestampGreaterThanEquals: compare('timestamp', timestamps, greaterOrEqual),
  IsNull: isOfKind((value) => value === null),
  IsPresent: isOfKind(() => true),
  IsNumeric: isOfKind((value) => typeof value === 'number'),
  IsString: isOfKind((value) => typeof value === 'string'),
  IsBoolean: isOfKind((value) => typeof value === 'boolean'),
  IsTimestamp: isOfKind((value) => instantOf(value) !== undefined),
} as const satisfies Readonly<Record<string, OperatorTest>>;

export type ChoiceOperator = keyof typeof OPERATORS;
export const isChoiceOperator = (name: string): name is ChoiceOperator => Object.hasOwn(OPERATORS, name);
