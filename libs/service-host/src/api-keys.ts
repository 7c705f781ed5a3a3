import type { Caller } from './handle.ts';

/** The credentials of one file, hashed at rest. */
export interface ApiKeys {
  /** Who sent this key text (`tlk_<id>_<secret>`), in time that does not depend on the secret. */
  callerOf(keyText: string): Caller | undefined;
}
/** Reads and checks `{ keys: [{ id, tenant, sha256, permissions, label }] }`; throws where the file is missing or wrong. */
export declare const readApiKeys: (file: string) => Promise<ApiKeys>;
