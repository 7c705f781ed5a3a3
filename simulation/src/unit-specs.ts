import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const JEST = ['node_modules/jest/bin/jest.js', '--config', 'jest.mutant.config.mjs', '--bail', '--silent'];
const FAILED = /^(?:FAIL|●).*?([\w./-]+\.spec\.ts)/m;

/** The pure specs of the library that has the planted fault; gives the one that found it, undefined where all of them pass. */
export const foundByUnitSpecs = (mutant: Mutant): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const [kind, library] = mutant.file.split('/');
    const jest = spawn(process.execPath, [...JEST, `${kind}/${library}/src/`], {
      cwd: CHECKOUT,
      env: {
        ...process.env,
        NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
        THROUGHLINE_MUTANT: JSON.stringify(mutant),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    jest.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    jest.on('error', reject);
    jest.on('close', (status) => {
      if (status === 0) return resolve(undefined);
      const spec = FAILED.exec(said)?.[1];
      if (spec === undefined) return reject(new Error(`the specs of ${library} could not be run: ${said}`));
      resolve(spec);
    });
  });
