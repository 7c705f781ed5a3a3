import {
  type CommandId,
  commandIdSchema,
  type ExecutionId,
  executionIdSchema,
  type Json,
  type Tenant,
} from '@throughline/contracts';
import { canonicalHash, sha256Hex } from './hashes.ts';

/** One key of one tenant names one execution, for ever: there is no window after which it could name another. */
export const executionIdOfKey = (tenant: Tenant, key: string): ExecutionId =>
  executionIdSchema.parse(`k-${sha256Hex(JSON.stringify([tenant, key])).slice(0, 40)}`);

const HALF = 24;
/** Key and content apart, so that one key with another content shows. */
const KEYED = /^k-[0-9a-f]{24}-[0-9a-f]{24}$/;

/** The id of a command that came with an idempotency key: the same again for the same command, and only for it. */
export const commandIdOfKey = (tenant: Tenant, key: string, type: string, body: Json): CommandId => {
  const half = (text: string): string => text.slice(0, HALF);
  return commandIdSchema.parse(
    `k-${half(sha256Hex(JSON.stringify([tenant, key])))}-${half(canonicalHash([type, body]))}`,
  );
};

/** Whether the key of a command was used for another one; false for a command without a key. */
export const keyIsTaken = (decided: readonly { readonly id: CommandId }[], id: CommandId): boolean => {
  if (!KEYED.test(id)) return false;
  const key = id.slice(0, -HALF);
  return decided.some((command) => command.id !== id && command.id.startsWith(key));
};
