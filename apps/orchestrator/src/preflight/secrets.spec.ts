import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tenantSchema } from '@throughline/contracts';
import { secretExists } from './secrets.ts';

describe('a secret is there', () => {
  const directory = mkdtempSync(join(tmpdir(), 'throughline-secrets-'));
  const environment = { THROUGHLINE_SECRET_IN_ENV: 'x' };
  mkdirSync(join(directory, 'acme'));
  writeFileSync(join(directory, 'acme', 'own'), 'x');
  writeFileSync(join(directory, 'plain'), 'x');
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each([
    ['acme', 'secret://own', true],
    ['default', 'secret://own', false],
    ['default', 'secret://plain', true],
    ['acme', 'secret://plain', false],
    ['default', 'secret://in.env', true],
    ['acme', 'secret://in.env', false],
    ['acme', 'own', false],
    ['acme', 'secret://../acme/own', false],
  ])('for %s, %s: %s, as for the worker that will read it', async (tenant, reference, there) => {
    expect(await secretExists({ directory, environment }, tenantSchema.parse(tenant), reference)).toBe(there);
  });
});
