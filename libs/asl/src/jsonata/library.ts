import jsonata from 'jsonata';
import { failureOf } from './failure.ts';
import type { Node, Signature } from './nodes.ts';
import type { Value } from './values.ts';

/** What is used of the library as it is: its parser, its signatures, and functions of plain values. Never its evaluator. */

/** The syntax tree of an expression. Throws what the parser throws. */
export const parsed = (text: string): Node => jsonata(text).ast() as unknown as Node; // its own types leave most of it out

export const librarySignature = (definition: string): Signature | undefined => {
  const node = parsed(`function($a)${definition} { 0 }`);
  return node.type === 'lambda' ? node.signature : undefined;
};

interface LibraryFunction {
  readonly implementation: (this: unknown, ...args: readonly unknown[]) => unknown;
  readonly signature?: Signature;
}

export const libraryFunction = (name: string): LibraryFunction =>
  jsonata(`$${name}`).evaluate(undefined) as LibraryFunction; // a built-in function evaluates to its definition

/** Calls a function of the library that gives a text, a number or a boolean, or nothing. */
export const callLibrary = (name: string, called: LibraryFunction, self: unknown, args: Value[]): Value => {
  try {
    return called.implementation.apply(self, args) as Value; // see above
  } catch (error) {
    throw failureOf(error, `The function $${name} cannot take these arguments`);
  }
};
