/** Seeds that have found something once, and run before all others ever after. What each of them found stands beside it. */
export const REGRESSION_SEEDS: readonly number[] = [
  // Two grants of a lock in one commit had the same fencing token.
  465,
];
