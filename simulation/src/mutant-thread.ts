import { register } from 'node:module';
import { workerData } from 'node:worker_threads';
import { MUTANTS } from './mutants.ts';

// The main thread is ours: it hands a name over, as `runSeeds` was given it.
const { mutant: name } = workerData as { readonly mutant: string };
const mutant = MUTANTS.find((each) => each.name === name);
if (!mutant) throw new Error(`no mutant is called ${name}`);
register('./mutant-hook.js', { parentURL: import.meta.url, data: mutant });
await import('./seed-thread.js');
