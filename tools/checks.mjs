// `npm test` and `npm run verify`: all checks run to the end, then one summary says what failed.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { run, runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';
import { say, step } from './terminal.mjs';

/** Read by .ci/run. */
const SUMMARY = inCheckout('.throughline', 'test-summary.json');
const JEST_RESULTS = inCheckout('.throughline', 'jest-results.json');

const dependency = (...path) => inCheckout('node_modules', ...path);
const LINT = [
  'lint',
  [
    dependency('eslint', 'bin', 'eslint.js'),
    '.',
    '--max-warnings',
    '0',
    '--cache',
    '--cache-location',
    inCheckout('.throughline', 'eslint'),
  ],
];
const FORMAT = ['format', [dependency('prettier', 'bin', 'prettier.cjs'), '--check', '.', '--log-level', 'warn']];
const TYPES = [
  'types',
  [
    dependency('typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.spec.json',
    '--incremental',
    '--tsBuildInfoFile',
    inCheckout('.throughline', 'spec.tsbuildinfo'),
  ],
];

export const test = () => checkAll(['pure', 'servers', 'system']);
/** The inner loop: nothing that needs a server. */
export const verify = () => checkAll(['pure']);

async function checkAll(projects) {
  for (const file of [SUMMARY, JEST_RESULTS]) rmSync(file, { force: true });
  await setUp({ servers: projects.includes('servers') });
  const failedChecks = await checkStatically();
  const jestCode = await runJest(projects);
  return summarise(failedChecks, jestCode);
}

/** Each keeps one core busy, and lint takes as long as the other two. Gives the names of those that failed, once they have said why. */
async function checkStatically() {
  const failed = [];
  const check = async ([name, args]) => {
    try {
      await run(name, process.execPath, args, { env: { NODE_OPTIONS: '--max-old-space-size=4096' } });
    } catch (error) {
      failed.push({ name, said: error.output ?? error.message });
    }
  };
  const checkAllOfThem = async () => {
    await Promise.all([check(LINT), check(FORMAT).then(() => check(TYPES))]);
    if (failed.length > 0) throw new Error('static checks');
  };
  await step('lint, format, types', checkAllOfThem).catch(() => failed.forEach(({ said }) => say(said)));
  return failed.map(({ name }) => name);
}

function runJest(projects) {
  mkdirSync(dirname(JEST_RESULTS), { recursive: true });
  const args = ['--selectProjects', ...projects, '--maxWorkers=2', '--json', `--outputFile=${JEST_RESULTS}`];
  // stdout is --json's; what people read goes to stderr.
  return runShown(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', dependency('jest', 'bin', 'jest.js'), ...args],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}

/** A suite that could not run at all counts as failed; so does every check beside jest. */
function summarise(failedChecks, jestCode) {
  const { passed, failed } = jestCounts(jestCode);
  const summary = { passed, failed: failed + failedChecks.length };
  writeFileSync(SUMMARY, JSON.stringify(summary));
  say(failedChecks.length > 0 ? `\n✗ failed: ${failedChecks.join(', ')}` : '');
  say(`${summary.passed} passed, ${summary.failed} failed`);
  return summary.failed === 0 && jestCode === 0 ? 0 : 1;
}

function jestCounts(jestCode) {
  let results;
  try {
    results = JSON.parse(readFileSync(JEST_RESULTS, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 }; // jest did not come to an end
  }
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  return { passed: results.numPassedTests, failed: failed === 0 && jestCode !== 0 ? 1 : failed };
}
