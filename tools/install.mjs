import { lookup } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { run } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { step } from './terminal.mjs';

/** npm's own patience with a network that is not there is minutes long. */
const IMPATIENT = ['--fetch-retries=2', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=10000'];

/** `npm ci`, where node_modules is not what the lock file says. */
export async function install() {
  const lock = readLock(inCheckout('package-lock.json'));
  if (isInstalled(lock, readLock(inCheckout('node_modules', '.package-lock.json')))) return;
  await checkRegistryName();
  await step('installing npm packages', () =>
    run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...IMPATIENT]),
  );
}

/** npm tries minutes long when a name cannot be resolved, so that is tried first; behind a proxy the name is not ours to resolve. */
async function checkRegistryName() {
  const { registry, proxy, httpsProxy, offline } = await npmConfig();
  if (proxy || httpsProxy || offline) return;
  const { hostname } = new URL(registry);
  try {
    await lookup(hostname);
  } catch (error) {
    throw new Error(`npm packages are needed, and their registry ${hostname} cannot be found (${error.code}).`);
  }
}

async function npmConfig() {
  const said = await run('npm config', 'npm', ['config', 'list', '--json', '--loglevel=error']);
  const config = JSON.parse(said.slice(said.indexOf('{'))); // warnings come before it
  return { registry: config.registry, proxy: config.proxy, httpsProxy: config['https-proxy'], offline: config.offline };
}

function readLock(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * npm writes node_modules/.package-lock.json last, so it tells what is really there, whoever installed it. Optional
 * packages may be missing: they are builds for other platforms.
 */
export function isInstalled(lock, installed) {
  if (installed === undefined) return false;
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional && !entry.devOptional)
    .every(([path, entry]) => path in installed.packages && installed.packages[path].version === entry.version);
}
