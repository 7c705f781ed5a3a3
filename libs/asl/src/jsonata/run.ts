import type { CostMeter } from '../cost-meter.ts';
import type { Scope } from '../scope.ts';
import type { Node } from './nodes.ts';
import type { Frame, Value } from './values.ts';

/** One evaluation under way: what the parts of the evaluator ask of each other. */
export interface Run {
  readonly meter: CostMeter;
  readonly scope: Scope;
  evaluate(node: Node, input: Value, frame: Frame): Value;
  /** Calls a function; anything else is a failure. `input` stands in for an argument that a signature takes from there. */
  apply(called: Value, args: readonly Value[], input: Value): Value;
}
