import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `secret://<name>` stands for on this machine. Made once: whoever checks a signature with it may do so later. */
export function makeSecret(directory: string | undefined, name: string): void {
  if (directory === undefined) throw new Error(`there is no folder for the secret ${name}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
}
