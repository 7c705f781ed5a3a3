/** Seeds that have found something once, and run before all others ever after. What each of them found stands beside it. */
export const REGRESSION_SEEDS: readonly number[] = [];
