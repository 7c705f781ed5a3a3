import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS } from '@throughline/contracts';

export interface LocalKey {
  readonly key: string;
  /** What the services read: the key hashed. */
  readonly apiKeysFile: string;
  /** Where the CLI finds address and key; only its owner can read it. */
  readonly localKeyFile: string;
}

/** Made once per home, so that a second start leaves the first one's clients working. */
export function localKey(home: string, frontUrl: string): LocalKey {
  mkdirSync(home, { recursive: true });
  const localKeyFile = join(home, 'local-key.json');
  const apiKeysFile = join(home, 'api-keys.json');
  const known = existsSync(localKeyFile) && existsSync(apiKeysFile) ? readKey(localKeyFile) : undefined;
  const key = known ?? newKey(apiKeysFile);
  writeFileSync(localKeyFile, `${JSON.stringify({ url: frontUrl, key }, null, 2)}\n`, { mode: 0o600 });
  return { key, apiKeysFile, localKeyFile };
}

function readKey(localKeyFile: string): string | undefined {
  const parsed = JSON.parse(readFileSync(localKeyFile, 'utf8')) as { key?: string }; // our own file
  return parsed.key;
}

function newKey(apiKeysFile: string): string {
  const id = randomBytes(6).toString('hex');
  const key = `tlk_${id}_${randomBytes(24).toString('hex')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  const entry = { id, tenant: 'default', sha256, permissions: [...PERMISSIONS], label: 'local' };
  writeFileSync(apiKeysFile, `${JSON.stringify({ keys: [entry] }, null, 2)}\n`);
  return key;
}
