import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  permissionSchema,
  ROLES_MAX,
  roleSchema,
  sha256Schema,
  signatureSchema,
  tenantSchema,
} from '@throughline/contracts';
import { z } from 'zod';
import type { Caller } from './caller.ts';

/** The credentials of one file, hashed at rest. */
export interface ApiKeys {
  /** Who sent this key text (`tlk_<id>_<secret>`), in time that does not depend on the secret. */
  callerOf(keyText: string): Caller | undefined;
}

const KEY_TEXT = /^tlk_([A-Za-z0-9-]{1,64})_[A-Za-z0-9_-]{1,256}$/;

const apiKeysFileSchema = z.object({
  keys: z.array(
    z.object({
      id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 -'),
      tenant: tenantSchema,
      /** Of the whole key text. */
      sha256: sha256Schema,
      permissions: z.array(permissionSchema),
      label: z.string().max(256).optional(),
      /** Who the key speaks for, where several keys are one person's; absent: the key's id. */
      actor: z.string().min(1).max(128).optional(),
      roles: z.array(roleSchema).max(ROLES_MAX).optional(),
      signingKeys: z.array(signatureSchema.shape.publicKey).max(10).optional(),
    }),
  ),
});
type ApiKeysFile = z.infer<typeof apiKeysFileSchema>;

const NO_KEY = Buffer.alloc(32);

export const apiKeysOf = (file: ApiKeysFile): ApiKeys => {
  const byId = new Map<string, { hash: Buffer; caller: Caller }>();
  for (const key of file.keys) {
    if (byId.has(key.id)) throw new Error(`the key id ${key.id} is there twice`);
    const caller: Caller = {
      tenant: key.tenant,
      actor: { kind: 'user', id: key.actor ?? key.id },
      permissions: key.permissions,
      roles: key.roles ?? [],
      signingKeys: key.signingKeys ?? [],
    };
    byId.set(key.id, { hash: Buffer.from(key.sha256, 'hex'), caller });
  }
  return {
    callerOf: (keyText) => {
      const id = KEY_TEXT.exec(keyText)?.[1];
      const known = id === undefined ? undefined : byId.get(id);
      // Hashed and compared also for an unknown id, so that the time taken does not tell ids apart.
      const hash = createHash('sha256').update(keyText).digest();
      return timingSafeEqual(hash, known?.hash ?? NO_KEY) ? known?.caller : undefined;
    },
  };
};

/** Reads and checks `{ keys: [{ id, tenant, sha256, permissions, label }] }`; throws where the file is missing or wrong. */
export const readApiKeys = async (file: string): Promise<ApiKeys> => {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new Error(`the API keys cannot be read from ${file} (THROUGHLINE_API_KEYS_FILE)`, { cause });
  }
  const parsed = apiKeysFileSchema.safeParse(json);
  if (!parsed.success) throw new Error(`${file} does not hold API keys: ${z.prettifyError(parsed.error)}`);
  return apiKeysOf(parsed.data);
};
