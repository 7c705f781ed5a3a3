import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStart } from './examples.mjs';
import { advice } from './failures.mjs';
import { isInstalled } from './install.mjs';
import { isNewEnough, isOlder } from './nats-server.mjs';
import { nodeVersionProblem } from './node-version.mjs';

const runTool = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...env } });

describe('npm start and its like', () => {
  test.each(['20.18.3', '18.20.0', '16.0.0', '19.9.0'])('refuse Node %s with what to install', (version) => {
    expect(nodeVersionProblem(version)).toMatch(/needs Node 20\.19 or newer.*Install a newer one/s);
  });

  test.each(['20.19.0', '20.20.2', '22.0.0', '24.11.1'])('accept Node %s', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined();
  });

  test('look at the version before anything else', () => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '18.1.0' }); import('./tools/run.mjs');`;
    const { status, stderr } = runTool(['--eval', pretend]);
    expect(stderr.trim().split('\n')).toEqual([
      'Throughline needs Node 20.19 or newer; this is 18.1.0.',
      'Install a newer one from https://nodejs.org (or "nvm install" in this folder) and try again.',
    ]);
    expect(status).toBe(1);
  });

  test('name the folder that cannot be written', () => {
    const dir = mkdtempSync(join(tmpdir(), 'throughline-run-'));
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    const { status, stderr } = runTool(['tools/run.mjs', 'start', '--once'], { THROUGHLINE_HOME: join(file, 'home') });
    rmSync(dir, { recursive: true });
    expect(stderr).toContain(`${join(file, 'home')}, where Throughline keeps its data, cannot be written`);
    expect(status).toBe(1);
  });

  test('say which commands there are', () => {
    const { status, stderr } = runTool(['tools/run.mjs', 'strat']);
    expect(stderr).toContain('start | test | test:faults | verify | bench | chaos');
    expect(status).toBe(2);
  });
});

describe('npm start', () => {
  test.each([
    [[], { once: false, example: 'order-fulfilment' }],
    [['--once'], { once: true, example: 'order-fulfilment' }],
    [['--once', '--example', 'change-request'], { once: true, example: 'change-request' }],
    [['--example=change-request'], { once: false, example: 'change-request' }],
  ])('understands %j', (args, options) => {
    expect(parseStart(args)).toEqual(options);
  });

  test.each([
    [['--example', 'orders'], 'there is no example "orders"; there are: order-fulfilment, change-request'],
    [['--example'], '--example needs a name; there are: order-fulfilment, change-request'],
    [['--example', 'constructor'], 'there is no example "constructor"'],
    [['--twice'], 'npm start knows only -- --once and --example NAME, not --twice'],
  ])('refuses %j with what there is', (args, sentence) => {
    expect(() => parseStart(args)).toThrow(sentence);
  });
});

describe('advice', () => {
  test.each([
    ['write EIO: ENOSPC: no space left on device', /disk is full/],
    ['PANIC: could not write to file: No space left on device', /disk is full/],
    ['npm error code ENOTFOUND', /network could not be reached/],
    ['curl: (6) Could not resolve host', /network could not be reached/],
    ["EACCES: permission denied, mkdir '/x'", /make this checkout yours/],
    ['npm error code EUSAGE', /do not agree/],
  ])('for "%s"', (output, expected) => {
    expect(advice(output)).toMatch(expected);
  });

  test('is not made up for an unknown failure', () => {
    expect(advice('TypeError: x is not a function')).toBeUndefined();
  });
});

describe('npm packages', () => {
  const entry = (version: string, more: object = {}) => ({ version, ...more });
  const lock = {
    packages: {
      '': {},
      'node_modules/a': entry('1.0.0'),
      'node_modules/ours': { resolved: 'libs/ours', link: true },
      'node_modules/for-another-platform': entry('1.0.0', { optional: true }),
    },
  };

  const link = { 'node_modules/ours': { link: true } };

  test('are not installed again when all are there', () => {
    expect(isInstalled(lock, { packages: { 'node_modules/a': entry('1.0.0'), ...link } })).toBe(true);
  });

  test('are installed when one has another version, is missing, or nothing is there', () => {
    expect(isInstalled(lock, { packages: { 'node_modules/a': entry('1.0.1'), ...link } })).toBe(false);
    expect(isInstalled(lock, { packages: { 'node_modules/a': entry('1.0.0') } })).toBe(false);
    expect(isInstalled(lock, { packages: {} })).toBe(false);
    expect(isInstalled(lock, undefined)).toBe(false);
  });
});

describe('nats-server', () => {
  test('is compared by numbers', () => {
    expect(isOlder('2.9.10', '2.15.1')).toBe(true);
    expect(isOlder('2.15.0', '2.15.1')).toBe(true);
    expect(isOlder('2.15.1', '2.15.1')).toBe(false);
    expect(isOlder('3.0.0', '2.15.1')).toBe(false);
  });

  test('that is not there, or is no nats-server, does not do', () => {
    expect(isNewEnough('/no/such/program')).toBe(false);
    expect(isNewEnough(process.execPath)).toBe(false);
  });
});
