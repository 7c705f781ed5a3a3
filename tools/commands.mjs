// What `npm start`, `npm test`, `npm run bench`, `npm run conformance`, `npm run fuzz` and `npm run verify` do, after Node was found new enough.
import { bench } from './bench.mjs';
import { test, verify } from './checks.mjs';
import { conformance } from './conformance.mjs';
import { advice } from './failures.mjs';
import { fuzz } from './fuzz.mjs';
import { start } from './start.mjs';
import { say } from './terminal.mjs';

const COMMANDS = { start, test, verify, bench, conformance, fuzz };

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
