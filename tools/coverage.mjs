// `npm run coverage`: how many lines of the libraries the specs run through, library by library.
import { readFileSync, rmSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { runShown } from './child.mjs';
import { CHECKOUT, inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';
import { say } from './terminal.mjs';

const LINES_PERCENT_MIN = 90;
const FOLDER = inCheckout('.throughline', 'coverage');
/** Every line of a library counts, but for those of its specs and of what only specs use. */
const COUNTED = ['libs/*/src/**/*.ts', '!**/*.spec.ts', '!**/*.conformance.ts', '!**/spec/**', '!**/spec-server.ts'];
/** The whole system runs as processes of its own, whose lines nobody counts here. */
const PROJECTS = ['pure', 'servers'];

export async function coverage(args) {
  const onlyTable = args.includes('--table');
  if (!onlyTable) await setUp({ servers: true });
  const code = onlyTable ? 0 : await runSpecs(args);
  const libraries = linesByLibrary();
  const total = [...libraries.values()].reduce(add, { total: 0, covered: 0 });
  for (const [name, lines] of [...libraries].sort(([a], [b]) => (a < b ? -1 : 1))) say(rowOf(name, lines));
  say(rowOf('all libraries', total));
  const percent = percentOf(total);
  if (percent < LINES_PERCENT_MIN) say(`\n✗ ${LINES_PERCENT_MIN} % of the lines are due`);
  if (code !== 0) say('\n✗ some specs failed: see above');
  return percent >= LINES_PERCENT_MIN && code === 0 ? 0 : 1;
}

function runSpecs(args) {
  rmSync(FOLDER, { recursive: true, force: true });
  const jest = [
    ['--selectProjects', ...PROJECTS],
    ['--coverage', '--coverageProvider=v8', '--coverageReporters=json-summary', `--coverageDirectory=${FOLDER}`],
    COUNTED.map((glob) => `--collectCoverageFrom=${glob}`),
    ['--maxWorkers=2', '--silent', ...args],
  ].flat();
  return runShown(process.execPath, [
    '--experimental-vm-modules',
    '--no-warnings',
    inCheckout('node_modules', 'jest', 'bin', 'jest.js'),
    ...jest,
  ]);
}

function linesByLibrary() {
  const { total: _total, ...files } = JSON.parse(readFileSync(`${FOLDER}/coverage-summary.json`, 'utf8'));
  const libraries = new Map();
  for (const [file, { lines }] of Object.entries(files)) {
    const [, name] = relative(CHECKOUT, file).split(sep);
    libraries.set(name, add(libraries.get(name) ?? { total: 0, covered: 0 }, lines));
  }
  return libraries;
}

const add = (sum, { total, covered }) => ({ total: sum.total + total, covered: sum.covered + covered });
const percentOf = ({ total, covered }) => (total === 0 ? 100 : Math.floor((10_000 * covered) / total) / 100);
const rowOf = (name, lines) =>
  `${name.padEnd(16)}${String(lines.covered).padStart(8)} of ${String(lines.total).padStart(6)} lines  ${percentOf(lines).toFixed(2).padStart(6)} %`;
