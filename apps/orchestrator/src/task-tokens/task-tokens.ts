import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { attemptTokenSchema, executionIdSchema, type Tenant } from '@throughline/contracts';
import type { TokenBearer } from '@throughline/engine';

const KEY_LINE = /^[\x21-\x7e]{32,512}$/;
const KEYS_MAX = 10;
/** `tt1.<attempt as base64url>.<HMAC-SHA256 as base64url>` */
const TOKEN = /^(tt1\.([A-Za-z0-9_-]{1,512}))\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes the tokens by which a task's holder reports on it, and knows its own again. The HMAC binds a token to tenant,
 * execution and attempt; without the key nobody can make one, whatever of the log he has read.
 */
export class TaskTokens {
  private readonly keys: readonly string[];

  /** The first key signs. The others are still accepted, so that a key can be replaced while tasks are out. */
  constructor(keys: readonly string[]) {
    if (keys.length === 0) throw new Error('no key for task tokens');
    this.keys = keys;
  }

  issue({ tenant, executionId, token }: TokenBearer): string {
    const [key] = this.keys;
    if (key === undefined) throw new Error('no key for task tokens');
    const signed = `tt1.${Buffer.from(`${tenant}:${executionId}:${token}`).toString('base64url')}`;
    return `${signed}.${macOf(key, signed).toString('base64url')}`;
  }

  /** Undefined for what no key of ours has signed, and for a token of another tenant: the two look alike from outside. */
  bearerOf(tenant: Tenant, text: string): TokenBearer | undefined {
    const [, signed, payload, mac] = TOKEN.exec(text) ?? [];
    if (signed === undefined || payload === undefined || mac === undefined) return undefined;
    const given = Buffer.from(mac, 'base64url');
    // Every key is tried, so that the time taken does not tell which one fits.
    const ours = this.keys.map((key) => timingSafeEqual(macOf(key, signed), given)).includes(true);
    const [named, executionId, token] = Buffer.from(payload, 'base64url').toString().split(':');
    if (!ours || named !== tenant) return undefined;
    return { tenant, executionId: executionIdSchema.parse(executionId), token: attemptTokenSchema.parse(token) };
  }
}

const macOf = (key: string, signed: string): Buffer => createHmac('sha256', key).update(signed).digest();

/** One key a line. Throws a sentence that says what is wrong with the file. */
export const readTaskTokenKeys = (file: string): TaskTokens => {
  const wrong = (why: string): Error =>
    new Error(`task tokens cannot be signed: ${file} (THROUGHLINE_TASK_TOKEN_KEY_FILE) ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw Object.assign(wrong('cannot be read'), { cause });
  }
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (keys.length === 0 || keys.length > KEYS_MAX) throw wrong(`must hold 1 to ${KEYS_MAX} keys, one a line`);
  // Not which one, nor what it looks like: this ends up in a log.
  if (!keys.every((key) => KEY_LINE.test(key))) throw wrong('holds a line that is not 32 to 512 visible characters');
  return new TaskTokens(keys);
};
