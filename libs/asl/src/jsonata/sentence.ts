import jsonata from 'jsonata';
import { CostMeter } from '../cost-meter.ts';
import { BoundReached, DETAILS, type JsonataFailure } from './failure.ts';
import type { Value } from './values.ts';
import { textOf } from './walks.ts';

// The library writes its own sentences: it fills its template for the code of whatever a function throws.
const sentences = jsonata('$fail()');
const QUOTED_MAX = 10_000;

/** A value as a sentence may quote it: whole where it is small. */
const quotable = (value: unknown): unknown => {
  if (typeof value === 'string') return value.slice(0, QUOTED_MAX);
  if (typeof value !== 'object' || value === null) return value;
  try {
    const text = textOf(value as Value & object, new CostMeter()); // what a failure holds of objects are values
    return text.length > QUOTED_MAX || text === '' ? text.slice(0, QUOTED_MAX) : JSON.parse(text);
  } catch (error) {
    if (error instanceof BoundReached) return '…';
    throw error;
  }
};

/** `T2001: The left side of the "+" operator must evaluate to a number`. */
export const sentenceOf = ({ code, details }: JsonataFailure): string => {
  const thrown: Record<string, unknown> = { code };
  for (const name of DETAILS) if (details[name] !== undefined) thrown[name] = quotable(details[name]);
  thrown['token'] ??= '';
  try {
    sentences.evaluate(undefined, {
      fail: () => {
        throw thrown;
      },
    });
  } catch (error) {
    const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : '';
    return `${code}: ${String(message)}`;
  }
  return code;
};
