import type { Scope } from './scope.ts';

/**
 * What evaluating may cost in all, per scope: one unit is about what visiting one node of an expression or one small
 * value costs (0.1 to 1 µs). Counted, never timed, so that a replay stops at the same point as the first run.
 */
export const COST_MAX = 1_000_000;

/** Thrown through an evaluation that costs too much; each evaluator makes a failure of its own language of it. */
export class CostExceeded extends Error {}

/**
 * What one decision may cost, over all its scopes. It stops between two states long before; only what one state does for
 * each of its items can come here.
 */
const EXPENSES_MAX = 4 * COST_MAX;

/** What the scopes of one decision have cost so far. */
export class Expenses {
  units = 0;
}

export class CostMeter {
  private spent = 0;
  constructor(private readonly expenses: Expenses = new Expenses()) {}

  charge(units: number): void {
    this.spent += units;
    this.expenses.units += units;
    if (this.spent > COST_MAX || this.expenses.units > EXPENSES_MAX) throw new CostExceeded();
  }
}

const meters = new WeakMap<Scope, CostMeter>();

/** All evaluations of one scope share a meter: a template of ten thousand expressions is bounded as one expression is. */
export const meterOf = (scope: Scope): CostMeter => {
  const known = meters.get(scope);
  if (known) return known;
  const meter = new CostMeter(scope.expenses);
  meters.set(scope, meter);
  return meter;
};
