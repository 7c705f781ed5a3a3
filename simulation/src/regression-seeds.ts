/**
 * Seeds that have found something once, and run before all others ever after. What each of them found stands beside it. A
 * simulation that draws otherwise makes other systems of the same numbers: then a planted fault takes a seed's place.
 */
export const REGRESSION_SEEDS: readonly number[] = [];
