import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretName, type Tenant } from '@throughline/contracts';

/** The reference leads to no secret here. The reference may be told; what it stands for, never. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
}

export interface SecretStore {
  /** The secret that `secret://<name>` stands for this moment: nothing is kept, so what was rotated counts at once. */
  read(tenant: Tenant, reference: string): Promise<string>;
}

export interface SecretStoreOptions {
  /** As Kubernetes mounts secrets: `<directory>/<tenant>/<name>`, for the tenant `default` also `<directory>/<name>`. */
  readonly directory?: string;
  /** For the tenant `default` only: `THROUGHLINE_SECRET_<NAME>`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const SECRET_BYTES_MAX = 64 * 1024;
const DEFAULT_TENANT = 'default';

export const variableOfSecret = (name: string): string =>
  `THROUGHLINE_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

/** Of two tenants none can name what is the other's: a name is one segment, and stands in its own tenant's folder. */
export const createSecretStore = ({ directory, env = {} }: SecretStoreOptions): SecretStore => {
  const fromFile = async (...segments: readonly string[]): Promise<string | undefined> => {
    if (directory === undefined) return undefined;
    try {
      const text = await readFile(join(directory, ...segments), 'utf8');
      if (Buffer.byteLength(text) > SECRET_BYTES_MAX) return undefined;
      // An editor's last line end is no part of the secret.
      return text.replace(/\r?\n$/, '');
    } catch {
      return undefined;
    }
  };
  return {
    read: async (tenant, reference) => {
      const name = secretName(reference);
      if (name === undefined) throw new SecretMissing('not a reference of the form secret://<name>');
      const own = await fromFile(tenant, name);
      const found =
        own ?? (tenant === DEFAULT_TENANT ? ((await fromFile(name)) ?? env[variableOfSecret(name)]) : undefined);
      if (found === undefined || found === '') throw new SecretMissing(`there is no secret ${reference} here`);
      return found;
    },
  };
};
