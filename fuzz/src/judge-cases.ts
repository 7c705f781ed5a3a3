import { type Draw, fuzzCase, KIND_NAMES, type Kind } from './fuzz-case.ts';

/** No call of the product may take longer. */
export const CALL_MS_MAX = 1_000;
/** A machine that is busy with other things makes a call look slow; it is slow if it is so each time. */
const TRIES = 3;

export interface Finding {
  readonly number: number;
  readonly kind: Kind;
  readonly problem: string;
}

export interface KindTotal {
  run: number;
  refused: number;
  slowest: { what: string; ms: number; number: number };
}
export type Totals = Record<Kind, KindTotal>;

export const noTotals = (): Totals =>
  // One entry for each of the names.
  Object.fromEntries(
    KIND_NAMES.map((kind) => [kind, { run: 0, refused: 0, slowest: { what: '', ms: 0, number: 0 } }]),
  ) as Totals;

/** Judges one case and counts it. */
export const judgeCase = (draw: Draw, number: number, totals: Totals): readonly Finding[] => {
  const { kind, judge } = fuzzCase(draw, number);
  let { outcome, problems, slowest } = judge();
  for (let tries = 1; slowest.ms > CALL_MS_MAX && tries < TRIES; tries += 1) {
    const again = judge();
    if (again.slowest.ms < slowest.ms) ({ outcome, problems, slowest } = again);
  }
  const total = totals[kind];
  total[outcome] += 1;
  if (slowest.ms > total.slowest.ms) total.slowest = { ...slowest, number };
  const slow = slowest.ms > CALL_MS_MAX ? [`${slowest.what} took ${Math.round(slowest.ms)} ms`] : [];
  return [...problems, ...slow].map((problem) => ({ number, kind, problem }));
};
