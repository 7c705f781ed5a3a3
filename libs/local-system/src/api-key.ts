import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS } from '@throughline/contracts';

const LOCAL = 'local';

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
  if (known !== undefined) grantAll(apiKeysFile);
  const key = known ?? newKey(apiKeysFile);
  writeFileSync(localKeyFile, `${JSON.stringify({ url: frontUrl, key }, null, 2)}\n`, { mode: 0o600 });
  return { key, apiKeysFile, localKeyFile };
}

function readKey(localKeyFile: string): string | undefined {
  const parsed = JSON.parse(readFileSync(localKeyFile, 'utf8')) as { key?: string }; // our own file
  return parsed.key;
}

interface KeysFile {
  readonly keys: readonly { readonly label?: string; readonly permissions: readonly string[] }[];
}

/** The key of before knows only the permissions that there were when it was made. */
function grantAll(apiKeysFile: string): void {
  const { keys } = JSON.parse(readFileSync(apiKeysFile, 'utf8')) as KeysFile; // our own file
  const granted = keys.map((key) => (key.label === LOCAL ? { ...key, permissions: [...PERMISSIONS] } : key));
  writeFileSync(apiKeysFile, `${JSON.stringify({ keys: granted }, null, 2)}\n`);
}

function newKey(apiKeysFile: string): string {
  const id = randomBytes(6).toString('hex');
  const key = `tlk_${id}_${randomBytes(24).toString('hex')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  const entry = { id, tenant: 'default', sha256, permissions: [...PERMISSIONS], label: LOCAL };
  writeFileSync(apiKeysFile, `${JSON.stringify({ keys: [entry] }, null, 2)}\n`);
  return key;
}
