import { parentPort, workerData } from 'node:worker_threads';
import { READ_MODELS } from './read-models.ts';
import { runSeed } from './run-seed.ts';

/** Runs one seed after the other, as the main thread hands them out. */
const port = parentPort;
if (!port) throw new Error(`seeds are run in a thread: ${JSON.stringify(workerData)}`);
port.on('message', (seed: number) => {
  runSeed(seed, READ_MODELS).then(
    (result) => port.postMessage(result),
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
