import { parentPort, workerData } from 'node:worker_threads';
import { judgeCase, noTotals } from './judge-cases.ts';
import type { ThreadData, ThreadMessage } from './watched-thread.ts';

/** Judges cases and says which it is at, so that who watches can end it where one does not come to an end. */

const { draw, from, to, at } = workerData as ThreadData; // what watched-thread.ts gives it
const say = (message: ThreadMessage): void => parentPort?.postMessage(message);

const REPORT_EVERY = 1_000;
let totals = noTotals();
for (let number = from; number < to; number += 1) {
  Atomics.store(at, 0, number);
  for (const finding of judgeCase(draw, number, totals)) say({ kind: 'finding', finding });
  if ((number + 1) % REPORT_EVERY === 0 || number + 1 === to) {
    say({ kind: 'totals', totals });
    totals = noTotals();
  }
}
