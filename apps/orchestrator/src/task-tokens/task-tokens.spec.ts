import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attemptTokenSchema, executionIdSchema, taskTokenSchema, tenantSchema } from '@throughline/contracts';
import { readTaskTokenKeys, TaskTokens } from './task-tokens.ts';

const acme = tenantSchema.parse('acme');
const globex = tenantSchema.parse('globex');
const bearer = {
  tenant: acme,
  executionId: executionIdSchema.parse('order-7'),
  token: attemptTokenSchema.parse('3.12'),
};
const tokens = new TaskTokens(['a'.repeat(32)]);

describe('task tokens', () => {
  it('name the attempt that they were issued for, and are alike however often they are issued', () => {
    const token = tokens.issue(bearer);
    expect(tokens.issue(bearer)).toBe(token);
    expect(tokens.bearerOf(acme, token)).toEqual(bearer);
    expect(taskTokenSchema.parse(token)).toBe(token);
  });

  it('of the longest ids still fit', () => {
    const long = {
      tenant: tenantSchema.parse('t'.repeat(64)),
      executionId: executionIdSchema.parse('e'.repeat(64)),
      token: attemptTokenSchema.parse('9999999999.9999'),
    };
    expect(tokens.bearerOf(long.tenant, taskTokenSchema.parse(tokens.issue(long)))).toEqual(long);
  });

  it('are nothing to another tenant, and nothing under another key', () => {
    const token = tokens.issue(bearer);
    expect(tokens.bearerOf(globex, token)).toBeUndefined();
    expect(new TaskTokens(['b'.repeat(32)]).bearerOf(acme, token)).toBeUndefined();
  });

  it('are nothing once a single character is another one', () => {
    const token = tokens.issue(bearer);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const forged = token.slice(0, at) + other + token.slice(at + 1);
      // The last character of the HMAC holds two bits that stand for nothing.
      const bytes = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex');
      if (at === token.length - 1 && bytes(forged) === bytes(token)) continue;
      expect([at, tokens.bearerOf(acme, forged)]).toEqual([at, undefined]);
    }
  });

  it.each(['', 'tt1', 'tt1..', `tt1.${'A'.repeat(600)}.${'A'.repeat(43)}`, 'tl-task-token:acme:order-7:3.12:'])(
    '%j is none',
    (text) => {
      expect(tokens.bearerOf(acme, text)).toBeUndefined();
    },
  );

  it('of the key before are accepted until it is taken out', () => {
    const [before, now] = ['a'.repeat(32), 'b'.repeat(32)];
    const token = new TaskTokens([before]).issue(bearer);
    expect(new TaskTokens([now, before]).bearerOf(acme, token)).toEqual(bearer);
    expect(new TaskTokens([now, before]).issue(bearer)).toBe(new TaskTokens([now]).issue(bearer));
    expect(new TaskTokens([now]).bearerOf(acme, token)).toBeUndefined();
  });
});

describe('the file of keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-token-keys-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileWith = (text: string): string => {
    const file = join(folder, 'keys');
    writeFileSync(file, text);
    return file;
  };

  it('holds one a line, and blank lines', () => {
    const read = readTaskTokenKeys(fileWith(`${'b'.repeat(32)}\n\n${'a'.repeat(32)}\n`));
    expect(read.bearerOf(acme, tokens.issue(bearer))).toEqual(bearer);
  });

  it('that is missing, empty or holds a short key is refused without quoting it', () => {
    expect(() => readTaskTokenKeys(join(folder, 'nowhere'))).toThrow('THROUGHLINE_TASK_TOKEN_KEY_FILE');
    expect(() => readTaskTokenKeys(fileWith('\n'))).toThrow('1 to 10 keys');
    expect(() => readTaskTokenKeys(fileWith('hunter2\n'))).toThrow(/32 to 512 visible characters$/);
  });
});
