import { setImmediate as nextTurn } from 'node:timers/promises';

/** Other requests get their turn at least this often; one step alone is a commit, bounded by its 1,000 events. */
const TURN_MS = 20;

/** Runs to the end what hands control back between its steps. */
export const inTurns = async <T>(steps: Generator<void, T>): Promise<T> => {
  let turnStartedMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turnStartedMs < TURN_MS) continue;
    await nextTurn();
    turnStartedMs = performance.now();
  }
};
