import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Permission } from '@throughline/contracts';

/** Somebody with a key of their own, whom the log names by it. */
export interface Person {
  /** The id of the key: 1 to 64 of A-Z a-z 0-9 -. */
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly roles: readonly string[];
}

/** An Ed25519 key as a JWK; `d` is what its owner keeps. */
export interface SigningKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

export interface PersonsKeys {
  readonly name: string;
  /** What the person calls with. */
  readonly key: string;
  /** What the person signs with; the services know its public half. */
  readonly signingKey: SigningKey;
}

/** Made once per home, so that what a person signed before is still that person's. */
export function keysOfPerson(home: string, apiKeysFile: string, person: Person): PersonsKeys {
  const folder = join(home, 'people');
  const file = join(folder, `${person.name}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(newKeys(person.name), null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
  const keys = JSON.parse(readFileSync(file, 'utf8')) as PersonsKeys; // our own file
  admit(apiKeysFile, person, keys);
  return keys;
}

function newKeys(name: string): PersonsKeys {
  const { privateKey } = generateKeyPairSync('ed25519');
  // The cast states what the JWK of an Ed25519 key holds (RFC 8037).
  const { x, d } = privateKey.export({ format: 'jwk' }) as { x: string; d: string };
  const key = `tlk_${name}_${randomBytes(24).toString('hex')}`;
  return { name, key, signingKey: { kty: 'OKP', crv: 'Ed25519', x, d } };
}

/** Permissions and roles are those of now, also where the keys are of before. */
function admit(apiKeysFile: string, { name, permissions, roles }: Person, { key, signingKey }: PersonsKeys): void {
  const { keys } = JSON.parse(readFileSync(apiKeysFile, 'utf8')) as { keys: readonly { readonly id: string }[] }; // ours
  const { kty, crv, x } = signingKey;
  const entry = {
    id: name,
    tenant: 'default',
    sha256: createHash('sha256').update(key).digest('hex'),
    permissions,
    roles,
    signingKeys: [{ kty, crv, x }],
    label: name,
  };
  const admitted = [...keys.filter(({ id }) => id !== name), entry];
  writeFileSync(apiKeysFile, `${JSON.stringify({ keys: admitted }, null, 2)}\n`);
}
