// What `npm start`, `npm test` and `npm run bench`, `chaos`, `conformance`, `coverage`, `fuzz`, `fuzz:surface`, `simulate`, `test:faults` and `verify` do, after Node was found new enough.
import { bench } from './bench.mjs';
import { chaos } from './chaos.mjs';
import { test, verify } from './checks.mjs';
import { conformance } from './conformance.mjs';
import { coverage } from './coverage.mjs';
import { advice } from './failures.mjs';
import { fuzz, fuzzSurface } from './fuzz.mjs';
import { simulate } from './simulate.mjs';
import { start } from './start.mjs';
import { say } from './terminal.mjs';
import { testFaults } from './test-faults.mjs';

const COMMANDS = {
  start,
  test,
  'test:faults': testFaults,
  verify,
  bench,
  chaos,
  conformance,
  coverage,
  fuzz,
  'fuzz:surface': fuzzSurface,
  simulate,
};

export async function main([name, ...args]) {
  const command = COMMANDS[name];
  if (command === undefined) {
    say(`usage: node tools/run.mjs ${Object.keys(COMMANDS).join(' | ')}`);
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await command(args);
  } catch (error) {
    say(`\n✗ ${error.message}`);
    const hint = advice(`${error.code ?? ''} ${error.message} ${error.output ?? ''}`);
    if (hint !== undefined) say(`\n→ ${hint}`);
    process.exitCode = 1;
  }
}
