import { assertNever, type Json } from '@throughline/contracts';
import { BoundedCache } from '../bounded-cache.ts';
import { CostExceeded, meterOf } from '../cost-meter.ts';
import { type Evaluated, evaluatedTo, failedWith } from '../evaluated.ts';
import { readPath } from '../path/read-path.ts';
import type { Scope } from '../scope.ts';
import { format, IntrinsicFailure, INTRINSICS, type IntrinsicTools } from './functions.ts';
import { compileIntrinsic, type IntrinsicArgument, type IntrinsicCall } from './syntax.ts';

const compiled = new BoundedCache<IntrinsicCall>(4_096);

/** AWS names the call that the field holds, as written, and not the one within it that failed. */
const failed = (error: string, { written }: Evaluation, problem: string) =>
  failedWith(error, `The function '${written}' had the following error: ${problem}`);
const failure = (evaluation: Evaluation, problem: string) => failed('States.IntrinsicFailure', evaluation, problem);

interface Evaluation {
  readonly written: string;
  readonly data: Json;
  readonly scope: Scope;
  readonly tools: IntrinsicTools;
}

const argumentOf = (argument: IntrinsicArgument, evaluation: Evaluation): Evaluated => {
  switch (argument.kind) {
    case 'call':
      return evaluateCall(argument, evaluation);
    case 'path': {
      const read = readPath(argument.path, evaluation.data, evaluation.scope);
      if (read.found) return evaluatedTo(read.value);
      const input = JSON.stringify(evaluation.data);
      const problem = `The JsonPath argument for the field '${argument.path}' could not be found in the input '${input}'`;
      return failed('States.Runtime', evaluation, problem);
    }
    case 'text':
      return argument.hasOpenEscape
        ? failure(evaluation, "A backslash escapes none of the characters ', {, } and \\.")
        : evaluatedTo(argument.value);
    case 'value':
      return evaluatedTo(argument.value);
    default:
      return assertNever(argument);
  }
};

const evaluateCall = (call: IntrinsicCall, evaluation: Evaluation): Evaluated => {
  const values: Json[] = [];
  for (const argument of call.arguments) {
    const value = argumentOf(argument, evaluation);
    if (!value.ok) return value;
    values.push(value.value);
  }
  const { tools } = evaluation;
  try {
    tools.meter.charge(1);
    const [first] = call.arguments;
    // Only a text that stands in the call itself still knows which of its braces are escaped.
    const isFixedFormat = call.name === 'States.Format' && first?.kind === 'text';
    return evaluatedTo(
      isFixedFormat ? format(first.pieces, values.slice(1), tools.meter) : INTRINSICS[call.name](values, tools),
    );
  } catch (error) {
    if (error instanceof IntrinsicFailure) return failure(evaluation, error.message);
    if (error instanceof CostExceeded)
      return failure(evaluation, 'The functions of this state cost too much to evaluate.');
    throw error;
  }
};

/** The value of a call that passed validation. */
export const evaluateIntrinsic = (text: string, data: Json, scope: Scope): Evaluated => {
  const call = compiled.get(text, () => {
    const compilation = compileIntrinsic(text);
    if (!compilation.ok) throw new Error(`a function that was not validated: ${text}: ${compilation.problem}`);
    return compilation.call;
  });
  const tools = { random01: scope.random01, meter: meterOf(scope) };
  return evaluateCall(call, { written: text, data, scope, tools });
};
