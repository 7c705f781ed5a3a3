import { Worker } from 'node:worker_threads';
import type { Draw } from './fuzz-case.ts';
import type { Finding, Totals } from './judge-cases.ts';

export interface ThreadData {
  readonly draw: Draw;
  readonly from: number;
  readonly to: number;
  /** The case that is being judged. */
  readonly at: Int32Array;
}
export type ThreadMessage =
  { readonly kind: 'finding'; readonly finding: Finding } | { readonly kind: 'totals'; readonly totals: Totals };

/** A case that uses more processor time than this does not end; on a busy machine the clock would say so of others too. */
const STUCK_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const HEAP_MB_MAX = 1_024;

const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Judges cases in a thread of its own; gives the case at which the thread had to be ended, or ended by itself, if any. */
export const judgeInThread = (
  draw: Draw,
  from: number,
  to: number,
  hear: (message: ThreadMessage) => void,
): Promise<{ readonly number: number; readonly problem: string } | undefined> =>
  new Promise((resolve) => {
    const at = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ThreadData = { draw, from, to, at };
    const thread = new Worker(new URL('./judge-thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    let last = { number: from, sinceMs: usedMs() };
    let problem: string | undefined;
    const looking = setInterval(() => {
      const number = Atomics.load(at, 0);
      if (number !== last.number) last = { number, sinceMs: usedMs() };
      else if (usedMs() - last.sinceMs > STUCK_MS) {
        problem = `did not end within ${STUCK_MS / 1_000} s of processor time`;
        void thread.terminate();
      }
    }, LOOK_EVERY_MS);
    thread.on('message', hear);
    thread.on('error', (error) => {
      problem = `ended the thread: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    });
    thread.on('exit', () => {
      clearInterval(looking);
      resolve(problem === undefined ? undefined : { number: Atomics.load(at, 0), problem });
    });
  });
