import { assertNever } from '@throughline/contracts';
import type { CostMeter } from '../cost-meter.ts';
import type { Scope } from '../scope.ts';
import { chargeList, DEPTH_MAX, tooDeep } from './bounds.ts';
import { applyTo, callFunction, evaluateCall, partiallyApplied } from './calls.ts';
import { JsonataFailure } from './failure.ts';
import { groupValues } from './group.ts';
import { librarySignature } from './library.ts';
import type { Node, UnaryNode } from './nodes.ts';
import { evaluateBinary } from './operators.ts';
import { allWithin, evaluatePath, filterBy, wildcard } from './path.ts';
import { regexOf } from './regular-expression.ts';
import type { Run } from './run.ts';
import { transformed } from './transform.ts';
import { Frame, isList, isSequence, Lambda, NativeFunction, ownList, RegexFunction, type Value } from './values.ts';
import { append, isNumber, lookUp, truth } from './walks.ts';

const TRANSFORM_SIGNATURE = librarySignature('<(oa):o>');

/** A result of any number of values is the value itself where it is one. */
const settled = (value: Value, node: Node): Value => {
  if (!isSequence(value)) return value;
  if (node.keepArray) value.keepSingleton = true;
  if (value.length === 0) return undefined;
  return value.length === 1 && !value.keepSingleton ? value[0] : value;
};

/**
 * Evaluates the syntax tree of JSONata's own parser. Every node costs, the nesting is counted where JSONata counts it,
 * and the data is never written to.
 */
export class Interpreter implements Run {
  private depth = 0;
  constructor(
    readonly meter: CostMeter,
    readonly scope: Scope,
  ) {}

  evaluate(node: Node, input: Value, frame: Frame): Value {
    this.meter.charge(1);
    if (this.depth >= DEPTH_MAX) throw tooDeep();
    this.depth += 1;
    let value = this.valueOf(node, input, frame);
    for (const stage of node.predicate ?? []) {
      if (stage.type === 'filter') value = filterBy(this, stage.expr, value, frame);
    }
    if (node.group && node.type !== 'path') value = groupValues(this, node.group, value, frame);
    // What is thrown ends the whole evaluation, so that nobody counts on.
    this.depth -= 1;
    return settled(value, node);
  }

  apply(called: Value, args: readonly Value[], input: Value): Value {
    return callFunction(this, called, args, input);
  }

  private valueOf(node: Node, input: Value, frame: Frame): Value {
    switch (node.type) {
      case 'path':
        return evaluatePath(this, node, input, frame);
      case 'binary':
        return evaluateBinary(this, node, input, frame);
      case 'unary':
        return this.unary(node, input, frame);
      case 'name':
        return lookUp(input, node.value, this.meter);
      case 'string':
      case 'number':
      case 'value':
        return node.value;
      case 'wildcard':
        return wildcard(this, input);
      case 'descendant':
        return allWithin(this, input);
      case 'parent':
        return frame.lookup(node.slot.label);
      case 'condition':
        if (truth(this.evaluate(node.condition, input, frame), this.meter))
          return this.evaluate(node.then, input, frame);
        return node.else && this.evaluate(node.else, input, frame);
      case 'block':
        return this.block(node.expressions, input, new Frame(frame));
      case 'bind': {
        const value = this.evaluate(node.rhs, input, frame);
        frame.bind(node.lhs.value, value);
        return value;
      }
      case 'regex':
        return new RegexFunction(regexOf(node));
      case 'function':
        return evaluateCall(this, node, input, frame);
      case 'variable':
        return node.value === '' ? input : frame.lookup(node.value);
      case 'lambda':
        return new Lambda(node, input, frame);
      case 'partial':
        return partiallyApplied(this, node, input, frame);
      case 'apply':
        return applyTo(this, node, input, frame);
      case 'transform':
        return new NativeFunction(1, TRANSFORM_SIGNATURE, ([value], run) => transformed(run, node, value, frame));
      case 'sort':
      case 'operator':
        // Sorts are steps of paths, and the `?` is read by the call it stands in.
        throw new JsonataFailure('S0206', { token: node.type });
      default:
        return assertNever(node);
    }
  }

  private block(expressions: readonly Node[], input: Value, frame: Frame): Value {
    let value: Value;
    for (const expression of expressions) value = this.evaluate(expression, input, frame);
    return value;
  }

  private unary(node: UnaryNode, input: Value, frame: Frame): Value {
    switch (node.value) {
      case '-': {
        const value = this.evaluate(node.expression, input, frame);
        if (value === undefined) return undefined;
        if (!isNumber(value)) throw new JsonataFailure('D1002', { token: '-', value });
        return -value;
      }
      case '[':
        return this.array(node, input, frame);
      case '{':
        return groupValues(this, node, input, frame);
      default:
        return assertNever(node);
    }
  }

  private array(node: Extract<UnaryNode, { value: '[' }>, input: Value, frame: Frame): Value {
    const items: Value[] = [];
    for (const expression of node.expressions) {
      const value = this.evaluate(expression, input, frame);
      if (value === undefined) continue;
      const isNested = expression.type === 'unary' && expression.value === '[';
      if (isList(value) && !isNested) append(items, value, this.meter);
      else items.push(value);
    }
    chargeList(this.meter, items.length);
    return node.consarray ? Object.assign(ownList(items), { cons: true }) : ownList(items);
  }
}
