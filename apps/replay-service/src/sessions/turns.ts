import { setImmediate as nextTurn } from 'node:timers/promises';

/** Other requests get their turn at least this often; one commit alone is bounded by its 1,000 events. */
const TURN_MS = 20;

/** Runs steps to their end, and lets others have their turn in between. */
export const inTurns = async <R>(
  steps: Generator<void, R, void>,
  onStep: (done: number) => void = () => {},
): Promise<R> => {
  let turnStartedMs = performance.now();
  for (let done = 0; ; done += 1) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turnStartedMs < TURN_MS) continue;
    onStep(done);
    await nextTurn();
    turnStartedMs = performance.now();
  }
};
