import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const inCheckout = (...parts) => join(CHECKOUT, ...parts);

/** Where a started system keeps its data, logs, keys and fetched programs. */
export const stateHome = () => resolve(process.env.THROUGHLINE_HOME ?? inCheckout('.throughline'));

export function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

const stampFile = (name) => inCheckout('.throughline', 'stamps', name);

/** What was last made from these inputs is still there, so it need not be made again. */
export const hasStamp = (name, hash) => existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === hash;

export function writeStamp(name, hash) {
  mkdirSync(dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), hash);
}
