// `npm run test:faults`: a short run of what tries to break it. Each part counts as one check; .ci/run adds them to the others.
import { writeFileSync } from 'node:fs';
import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';
import { simulation } from './simulate.mjs';
import { say } from './terminal.mjs';

/** Read by .ci/run. */
const SUMMARY = inCheckout('.throughline', 'faults-summary.json');

/** Name and arguments of each program; what it ends with says whether it holds. */
const PARTS = [
  ['simulation', [...simulation, '--seeds', '5000', '--from', '1']],
  ['chaos', [inCheckout('chaos', 'dist', 'main.js'), '--minutes', '2', '--rate', '120', '--faults', '9']],
];

export async function testFaults(args) {
  await setUp();
  const failed = [];
  for (const [name, program] of PARTS) {
    if ((await runShown(process.execPath, name === 'chaos' ? [...program, ...args] : program)) !== 0) failed.push(name);
  }
  const summary = { passed: PARTS.length - failed.length, failed: failed.length };
  writeFileSync(SUMMARY, JSON.stringify(summary));
  say(failed.length > 0 ? `\n✗ failed: ${failed.join(', ')}` : '');
  say(`${summary.passed} passed, ${summary.failed} failed`);
  return failed.length === 0 ? 0 : 1;
}
