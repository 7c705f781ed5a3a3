import { assertNever } from '@throughline/contracts';
import { chargeList } from './bounds.ts';
import { failureOf, JsonataFailure } from './failure.ts';
import { parsed } from './library.ts';
import { foundValue } from './matching.ts';
import type { CallNode, Node, Signature } from './nodes.ts';
import type { Run } from './run.ts';
import {
  Frame,
  type FunctionValue,
  HOLE,
  isFunction,
  isList,
  Lambda,
  NativeFunction,
  PartialFunction,
  type Value,
} from './values.ts';
import { RegexFunction } from './values.ts';

/** Calls: arguments checked by their signature, partial application, chains, and tail calls that need no depth. */

const nameOf = (procedure: Node): string | undefined => {
  const named = procedure.type === 'path' ? procedure.steps[0] : procedure;
  return named && 'value' in named && typeof named.value === 'string' ? named.value : undefined;
};

/** A failure on the way names the function that was called, unless it names something already. */
const naming = (token: string | undefined, call: () => Value): Value => {
  try {
    return call();
  } catch (error) {
    throw error instanceof JsonataFailure && token !== undefined ? error.within(token) : error;
  }
};

/** The library writes the types of the arguments as a text and matches it. */
const SIGNATURE_UNITS = 2;

const checked = (
  run: Run,
  signature: Signature | undefined,
  args: readonly Value[],
  input: Value,
): readonly Value[] => {
  if (!signature) return args;
  run.meter.charge(SIGNATURE_UNITS);
  for (const arg of args) if (isList(arg)) chargeList(run.meter, arg.length);
  try {
    return signature.validate(args, input) as readonly Value[]; // it hands on what it was given
  } catch (error) {
    throw failureOf(error, 'A signature could not be checked');
  }
};

const filled = ({ given }: PartialFunction, args: readonly Value[]): Value[] => {
  let next = 0;
  return given.map((value) => (value === HOLE ? args[next++] : value));
};

const callOnce = (run: Run, called: FunctionValue, args: readonly Value[], input: Value): Value => {
  run.meter.charge(1);
  if (called instanceof PartialFunction) return callOnce(run, called.target, filled(called, args), input);
  if (called instanceof NativeFunction) return called.call(checked(run, called.signature, args, input), run);
  if (called instanceof RegexFunction) return foundValue(run, called.regex, args[0], 0);
  if (!(called instanceof Lambda)) return assertNever(called);
  const { node } = called;
  const values = checked(run, node.signature, args, input);
  const frame = new Frame(called.frame);
  for (const [i, { value: name }] of node.arguments.entries()) frame.bind(name, values[i]);
  return run.evaluate(node.body, called.input, frame);
};

const notAFunction = (): JsonataFailure => new JsonataFailure('T1006');

/** Calls, and goes on to call where the call ended in another: a tail call takes no depth. */
export const callFunction = (run: Run, called: Value, args: readonly Value[], input: Value): Value => {
  if (!isFunction(called)) throw notAFunction();
  let result = callOnce(run, called, args, input);
  while (result instanceof Lambda && result.node.thunk && result.node.body.type === 'function') {
    const { input: context, frame } = result;
    const { procedure, arguments: nodes } = result.node.body;
    const next = run.evaluate(procedure, context, frame);
    if (!isFunction(next)) throw notAFunction();
    const values = nodes.map((node) => run.evaluate(node, context, frame));
    result = naming(nameOf(procedure), () => callOnce(run, next, values, input));
  }
  return result;
};

/** A name that is no function may be one whose `$` was forgotten. */
const forgottenDollar = (node: CallNode, called: Value, frame: Frame): string | undefined => {
  const { procedure } = node;
  const name = called === undefined && procedure.type === 'path' ? nameOf(procedure) : undefined;
  return name !== undefined && frame.lookup(name) !== undefined ? name : undefined;
};

/** `piped` is what `~>` hands on as the first argument. */
export const evaluateCall = (run: Run, node: CallNode, input: Value, frame: Frame, ...piped: Value[]): Value => {
  const called = run.evaluate(node.procedure, input, frame);
  const forgotten = forgottenDollar(node, called, frame);
  if (forgotten !== undefined) throw new JsonataFailure('T1005', { token: forgotten });
  const args = [...piped, ...node.arguments.map((argument) => run.evaluate(argument, input, frame))];
  return naming(nameOf(node.procedure), () => callFunction(run, called, args, input));
};

export const partiallyApplied = (run: Run, node: CallNode, input: Value, frame: Frame): Value => {
  const given = node.arguments.map((argument) =>
    argument.type === 'operator' ? HOLE : run.evaluate(argument, input, frame),
  );
  const called = run.evaluate(node.procedure, input, frame);
  const forgotten = forgottenDollar(node, called, frame);
  if (forgotten !== undefined) throw new JsonataFailure('T1007', { token: forgotten });
  if (!isFunction(called)) throw new JsonataFailure('T1008', { token: nameOf(node.procedure) });
  if (!(called instanceof PartialFunction)) return new PartialFunction(called, given);
  // Holes are filled with holes, so that no chain of partial functions grows.
  let next = 0;
  return new PartialFunction(
    called.target,
    called.given.map((value) => (value === HOLE ? given[next++] : value)),
  );
};

/** `$f ~> $g` is a function that calls one after the other. Evaluated as an expression, so that its nesting counts. */
const CHAIN = parsed('function($f, $g) { function($x) { $g($f($x)) } }');

export const applyTo = (run: Run, node: Extract<Node, { type: 'apply' }>, input: Value, frame: Frame): Value => {
  const left = run.evaluate(node.lhs, input, frame);
  if (node.rhs.type === 'function') return evaluateCall(run, node.rhs, input, frame, left);
  const right = run.evaluate(node.rhs, input, frame);
  if (!isFunction(right)) throw new JsonataFailure('T2006', { value: right });
  if (!isFunction(left)) return callFunction(run, right, [left], undefined);
  return callFunction(run, run.evaluate(CHAIN, undefined, frame), [left, right], undefined);
};
