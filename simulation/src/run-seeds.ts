import { Worker } from 'node:worker_threads';
import type { SeedResult } from './run-seed.ts';

export interface Run {
  readonly seeds: Iterable<number>;
  readonly threads: number;
  /** Replaces text of modules as they are loaded. */
  readonly mutant?: string | undefined;
  readonly hear: (result: SeedResult) => void;
  /** No seed is begun any more once this says so. */
  readonly enough?: () => boolean;
}

/** A seed that uses so much time does not end: nothing in it waits for a clock. */
const STUCK_MS = 120_000;

/** In threads of their own, each seed whole in one of them: the same seed gives the same result wherever it runs. */
export const runSeeds = async ({ seeds, threads, mutant, hear, enough = () => false }: Run): Promise<void> => {
  const left = seeds[Symbol.iterator]();
  const next = (): number | undefined => {
    if (enough()) return undefined;
    const taken = left.next();
    return taken.done ? undefined : taken.value;
  };
  await Promise.all(Array.from({ length: threads }, () => runThread(next, mutant, hear)));
};

const runThread = (
  next: () => number | undefined,
  mutant: string | undefined,
  hear: (result: SeedResult) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(
      new URL(mutant === undefined ? './seed-thread.js' : './mutant-thread.js', import.meta.url),
      {
        workerData: { mutant },
      },
    );
    let seed: number | undefined;
    let over = false;
    let watchdog: NodeJS.Timeout | undefined;
    const go = (): void => {
      clearTimeout(watchdog);
      seed = next();
      over = seed === undefined;
      if (seed === undefined) return void thread.terminate();
      watchdog = setTimeout(() => broke(`it did not end within ${STUCK_MS / 1_000} s`), STUCK_MS);
      thread.postMessage(seed);
    };
    const broke = (problem: string): void => {
      clearTimeout(watchdog);
      const broken = seed;
      seed = undefined;
      // Of a seed that has been judged already: what it left behind is on its way out with the thread.
      if (broken === undefined) return;
      hear({ seed: broken, violations: [problem], commits: 0, executions: 0, events: 0, virtualMs: 0 });
      // The seeds that are left go on in another thread.
      void thread.terminate().then(() => resolve(runThread(next, mutant, hear)), reject);
    };
    thread.on('message', (result: SeedResult) => {
      if (seed === undefined) return;
      hear(result);
      go();
    });
    thread.on('error', (error: unknown) =>
      broke(`it ended its thread: ${error instanceof Error ? error.message : String(error)}`),
    );
    thread.on('exit', () => {
      if (over) resolve();
    });
    go();
  });
