import { existsSync, readFileSync } from 'node:fs';
import { run } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { step } from './terminal.mjs';

/** `npm ci`, where node_modules is not what the lock file says. */
export async function install() {
  const lock = readLock(inCheckout('package-lock.json'));
  if (isInstalled(lock, readLock(inCheckout('node_modules', '.package-lock.json')))) return;
  await step('installing npm packages', () =>
    run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  );
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
