import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Which nats-server has a store open. nats-server itself does not look, and two of them over one store would destroy the
 * log; another port base with the same home is all it takes.
 */

const pidFileIn = (dir: string): string => join(dir, 'nats-server.pid');

export const noteStoreOwner = (dir: string, pid: number): void => writeFileSync(pidFileIn(dir), `${pid}\n`);

/** Throws while the server that was started last over this store still runs. */
export function checkStoreIsFree(dir: string, configFile: string): void {
  if (!existsSync(pidFileIn(dir))) return;
  const pid = Number(readFileSync(pidFileIn(dir), 'utf8'));
  // Pids are used again: only a process that was started with this very configuration is the server.
  if (!Number.isInteger(pid) || !commandOf(pid).includes(configFile)) return;
  throw new Error(
    `The data in ${dir} are in use by process ${pid} (nats-server): Throughline is running on them already.\n` +
      'Stop that one first, or give this one data of its own: THROUGHLINE_HOME=<folder>',
  );
}

function commandOf(pid: number): string {
  const inProc = `/proc/${pid}/cmdline`;
  if (existsSync('/proc/self/cmdline')) return existsSync(inProc) ? readFileSync(inProc, 'utf8') : '';
  return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
