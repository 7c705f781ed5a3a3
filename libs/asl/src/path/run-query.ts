import { isJsonObject, type Json } from '@throughline/contracts';
import { jsonpath, type JSONPathQuery, TokenKind } from 'json-p3';
import type { CostMeter } from '../cost-meter.ts';

/**
 * Carries out the queries that json-p3 has parsed. Its own evaluation cannot be bounded: over data that is nested deep,
 * two searches for descendants visit more nodes than there are by orders of magnitude.
 */

const { expressions, selectors } = jsonpath;
type Selector = jsonpath.JSONPathSelector;
type Expression = jsonpath.expressions.FilterExpression;

/** More nodes than any state's data can hold usefully. */
const NODES_MAX = 100_000;
/** Data nested deeper than this is not searched for descendants. */
const DESCENT_MAX = 256;

/** A bound that was reached; the path then finds nothing. */
export class QueryStopped extends Error {}

/** The result of a comparison's side that selects no node. */
const NOTHING = Symbol('nothing');
type Operand = Json | typeof NOTHING;

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

const childrenOf = (value: Json): readonly Json[] => {
  if (isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
};

class QueryRun {
  constructor(
    private readonly root: Json,
    private readonly meter: CostMeter,
  ) {}

  select(query: JSONPathQuery, from: Json): Json[] {
    let nodes: Json[] = [from];
    for (const segment of query.segments) {
      const found: Json[] = [];
      const isDescent = segment.token.kind === TokenKind.DDOT;
      for (const node of nodes) {
        if (isDescent) this.descend(node, segment.selectors, found, 0);
        else this.selectAll(segment.selectors, node, found);
      }
      nodes = found;
    }
    return nodes;
  }

  private descend(node: Json, selectors: readonly Selector[], found: Json[], depth: number): void {
    if (depth > DESCENT_MAX) throw new QueryStopped(`The data is nested deeper than ${DESCENT_MAX}`);
    this.selectAll(selectors, node, found);
    if (typeof node !== 'object' || node === null) return;
    for (const child of childrenOf(node)) this.descend(child, selectors, found, depth + 1);
  }

  private selectAll(chosen: readonly Selector[], node: Json, found: Json[]): void {
    this.meter.charge(0.5);
    for (const selector of chosen) this.selectBy(selector, node, found);
  }

  private add(found: Json[], value: Json): void {
    this.meter.charge(0.25);
    if (found.length === NODES_MAX) throw new QueryStopped(`More than ${NODES_MAX} results`);
    found.push(value);
  }

  private selectBy(selector: Selector, node: Json, found: Json[]): void {
    if (selector instanceof selectors.NameSelector) {
      if (isJsonObject(node) && Object.hasOwn(node, selector.name)) this.add(found, node[selector.name] ?? null);
    } else if (selector instanceof selectors.IndexSelector) {
      const value = isArray(node) ? node.at(selector.index) : undefined;
      if (value !== undefined) this.add(found, value);
    } else if (selector instanceof selectors.WildcardSelector) {
      for (const child of childrenOf(node)) this.add(found, child);
    } else if (selector instanceof selectors.SliceSelector) {
      if (isArray(node)) for (const i of indexesOf(selector, node.length)) this.add(found, node[i] ?? null);
    } else if (selector instanceof selectors.FilterSelector) {
      for (const child of childrenOf(node)) if (this.holds(selector.expression, child)) this.add(found, child);
    } else throw new Error(`a selector that was not refused: ${String(selector)}`);
  }

  private holds(expression: Expression, current: Json): boolean {
    this.meter.charge(0.5);
    if (expression instanceof expressions.LogicalExpression) return this.holds(expression.expression, current);
    if (expression instanceof expressions.PrefixExpression) return !this.holds(expression.right, current);
    if (expression instanceof expressions.FilterQuery) return this.nodesOf(expression, current).length > 0;
    if (!(expression instanceof expressions.InfixExpression)) return this.valueOf(expression, current) === true;
    const { left, right, operator } = expression;
    if (operator === '&&') return this.holds(left, current) && this.holds(right, current);
    if (operator === '||') return this.holds(left, current) || this.holds(right, current);
    return this.compares(this.valueOf(left, current), operator, this.valueOf(right, current));
  }

  private nodesOf(expression: Expression, current: Json): readonly Json[] {
    if (expression instanceof expressions.RelativeQuery) return this.select(expression.path, current);
    if (expression instanceof expressions.RootQuery) return this.select(expression.path, this.root);
    throw new Error(`an expression that selects no nodes: ${String(expression)}`);
  }

  private valueOf(expression: Expression, current: Json): Operand {
    if (
      expression instanceof expressions.StringLiteral ||
      expression instanceof expressions.NumberLiteral ||
      expression instanceof expressions.BooleanLiteral
    ) {
      return expression.value;
    }
    if (expression instanceof expressions.NullLiteral) return null;
    if (expression instanceof expressions.FunctionExtension) return this.call(expression, current);
    if (!(expression instanceof expressions.FilterQuery)) return this.holds(expression, current);
    // Paths that may name several nodes are not compared: the parser refuses them.
    const [value = NOTHING] = this.nodesOf(expression, current);
    return value;
  }

  private call({ name, args: [argument] }: jsonpath.expressions.FunctionExtension, current: Json): Operand {
    if (!argument) return NOTHING;
    switch (name) {
      case 'count':
        return this.nodesOf(argument, current).length;
      case 'value': {
        const nodes = this.nodesOf(argument, current);
        return nodes.length === 1 ? (nodes[0] ?? null) : NOTHING;
      }
      case 'length': {
        const value = this.valueOf(argument, current);
        if (value === NOTHING) return NOTHING;
        if (typeof value === 'string') return [...value].length;
        return typeof value === 'object' && value !== null ? childrenOf(value).length : NOTHING;
      }
      default:
        throw new Error(`a function that was not refused: ${name}`);
    }
  }

  private compares(left: Operand, operator: string, right: Operand): boolean {
    switch (operator) {
      case '==':
        return this.equal(left, right);
      case '!=':
        return !this.equal(left, right);
      case '<':
        return isLess(left, right);
      case '>':
        return isLess(right, left);
      case '<=':
        return isLess(left, right) || this.equal(left, right);
      case '>=':
        return isLess(right, left) || this.equal(left, right);
      default:
        throw new Error(`an operator that was not refused: ${operator}`);
    }
  }

  private equal(left: Operand, right: Operand): boolean {
    this.meter.charge(0.25);
    if (left === right) return true;
    if (left === NOTHING || right === NOTHING) return false;
    if (isArray(left)) {
      return (
        isArray(right) && left.length === right.length && left.every((part, i) => this.equal(part, right[i] ?? null))
      );
    }
    if (!isJsonObject(left) || !isJsonObject(right)) return false;
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && this.equal(left[key] ?? null, right[key] ?? null))
    );
  }
}

const isLess = (left: Operand, right: Operand): boolean => {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  return typeof left === 'string' && typeof right === 'string' && left < right;
};

/** As RFC 9535 defines slices. */
const indexesOf = ({ start, stop, step = 1 }: jsonpath.selectors.SliceSelector, length: number): number[] => {
  if (step === 0) return [];
  const from = (index: number): number => (index >= 0 ? index : length + index);
  const indexes: number[] = [];
  if (step > 0) {
    const lower = Math.min(Math.max(from(start ?? 0), 0), length);
    const upper = Math.min(Math.max(from(stop ?? length), 0), length);
    for (let i = lower; i < upper; i += step) indexes.push(i);
  } else {
    const upper = Math.min(Math.max(start === undefined ? length - 1 : from(start), -1), length - 1);
    const lower = Math.min(Math.max(stop === undefined ? -1 : from(stop), -1), length - 1);
    for (let i = upper; i > lower; i += step) indexes.push(i);
  }
  return indexes;
};

export const runQuery = (query: JSONPathQuery, data: Json, meter: CostMeter): readonly Json[] =>
  new QueryRun(data, meter).select(query, data);
