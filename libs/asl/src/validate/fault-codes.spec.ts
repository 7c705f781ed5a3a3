import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAULT_CODES } from './fault-codes.ts';

const page = readFileSync(fileURLToPath(new URL('../../../../docs/errors/TL0103.md', import.meta.url)), 'utf8');

it('the page about invalid definitions explains every code of a fault, and no other', () => {
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| .+ \|$/gm)].map(([, code]) => code);
  expect(documented).toEqual(Object.keys(FAULT_CODES));
});
