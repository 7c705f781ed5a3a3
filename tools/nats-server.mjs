#!/usr/bin/env node
// Puts a new enough nats-server into <home>/bin: nothing is installed on the machine itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandFailed, run } from './child.mjs';
import { stateHome } from './checkout.mjs';
import { step } from './terminal.mjs';

export const NATS_SERVER_VERSION = '2.15.1';
const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';

/** Returns the path of the server that will be used. */
export async function natsServer() {
  const home = join(stateHome(), 'bin', 'nats-server');
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const candidates = [process.env.NATS_SERVER_BIN, home, ...onPath].filter(Boolean);
  const found = candidates.find((candidate) => isNewEnough(candidate));
  if (found !== undefined) return found;
  await step(`fetching nats-server ${NATS_SERVER_VERSION}`, () => fetchServer(home));
  return home;
}

export function isNewEnough(binary, wanted = NATS_SERVER_VERSION) {
  if (!existsSync(binary)) return false;
  const version = /nats-server: v(\d+\.\d+\.\d+)/.exec(
    spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout ?? '',
  )?.[1];
  return version !== undefined && !isOlder(version, wanted);
}

export function isOlder(version, wanted) {
  const [have, want] = [version, wanted].map((text) => text.split('.').map(Number));
  const different = have.findIndex((part, index) => part !== want[index]);
  return different !== -1 && have[different] < want[different];
}

async function fetchServer(target) {
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'nats-server-'));
  const failures = [];
  try {
    for (const source of [fromDebian, fromRelease]) {
      try {
        const binary = await source(work);
        if (binary === undefined || !isNewEnough(binary)) continue;
        placeBinary(binary, target);
        return;
      } catch (error) {
        if (error.code === 'ENOSPC') throw error;
        failures.push(error.message);
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  throw new Error(
    `nats-server ${NATS_SERVER_VERSION} could not be fetched.\n${failures.join('\n')}\nInstall it yourself (https://nats.io/download) and put it on the PATH or name it by NATS_SERVER_BIN.`,
  );
}

function placeBinary(binary, target) {
  copyFileSync(binary, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
}

/** Debian's own package, by a private apt state: the machine's sources, lists and packages stay as they are. */
async function fromDebian(work) {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb') || !existsSync(keyring)) return undefined;
  const mirror = await debianMirror();
  if (mirror === undefined) return undefined;
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  const sources = join(work, 'sid.sources');
  writeFileSync(sources, `Types: deb\nURIs: ${mirror}\nSuites: sid\nComponents: main\nSigned-By: ${keyring}\n`);
  const options = aptOptions(work, sources);
  await run('apt-get update', 'apt-get', [...options, 'update']);
  await run('apt-get download', 'apt-get', [...options, 'download', 'nats-server'], { cwd: work });
  const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (deb === undefined) return undefined;
  await run('dpkg-deb', 'dpkg-deb', ['-x', join(work, deb), join(work, 'root')]);
  return join(work, 'root', 'usr', 'sbin', 'nats-server');
}

/** The one that this machine already uses. */
async function debianMirror() {
  const format = '$(SITE) $(ORIGIN) $(LABEL) $(COMPONENT)';
  const targets = await run('apt-get indextargets', 'apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  return targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, origin, label, component]) => origin === 'Debian' && label === 'Debian' && component === 'main')?.[0];
}

const aptOptions = (work, sources) => [
  '-qq',
  ...[
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=root',
    'APT::Update::Post-Invoke::=',
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false',
  ].flatMap((option) => ['-o', option]),
];

/** The project's own release, checked against its list of sums. */
async function fromRelease(work) {
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch()] ?? arch();
  const name = `nats-server-v${NATS_SERVER_VERSION}-${platform()}-${machine}`;
  const release = `${RELEASES}/v${NATS_SERVER_VERSION}`;
  const archive = join(work, 'release.tar.gz');
  await download(`${release}/${name}.tar.gz`, archive);
  await download(`${release}/SHA256SUMS`, join(work, 'SHA256SUMS'));
  const wanted = readFileSync(join(work, 'SHA256SUMS'), 'utf8')
    .split('\n')
    .find((line) => line.endsWith(`${name}.tar.gz`));
  const sum = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (!wanted?.startsWith(sum)) throw new Error(`${name}.tar.gz does not have the published checksum`);
  await run('tar', 'tar', ['-xzf', archive, '-C', work]);
  return join(work, name, 'nats-server');
}

/** curl knows proxies that fetch does not. */
async function download(url, file) {
  try {
    await run(`download of ${url}`, 'curl', ['-fsSL', '--retry', '2', '--max-time', '120', '-o', file, url]);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`, { cause: error });
    writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await natsServer().then(console.log, (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
