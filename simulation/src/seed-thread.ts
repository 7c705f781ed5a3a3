import { parentPort, workerData } from 'node:worker_threads';
import { READ_MODELS } from './read-models.ts';
import { runSeed } from './run-seed.ts';

/** Runs one seed after the other, as the main thread hands them out. */
const port = parentPort;
if (!port) throw new Error(`seeds are run in a thread: ${JSON.stringify(workerData)}`);
const STACK_FRAMES = 10;
// Half of what is thrown here is chance's doing and expected; nobody looks at where it came from.
Error.stackTraceLimit = 0;

const withStacks = (seed: number): ReturnType<typeof runSeed> => {
  Error.stackTraceLimit = STACK_FRAMES;
  return runSeed(seed, READ_MODELS).finally(() => (Error.stackTraceLimit = 0));
};

port.on('message', (seed: number) => {
  // A seed that broke off does so again.
  const result = runSeed(seed, READ_MODELS).catch(() => withStacks(seed));
  result.then(
    (held) => port.postMessage(held),
    (error: unknown) => {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
      port.postMessage({
        seed,
        violations: [`it broke off: ${problem}`],
        commits: 0,
        executions: 0,
        events: 0,
        virtualMs: 0,
      });
    },
  );
});
