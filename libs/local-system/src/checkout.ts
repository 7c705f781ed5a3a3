import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this library belongs to; the same from `src` and from `dist`. */
export const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Where a started system keeps its data, logs, keys and fetched programs. */
export function stateHome(): string {
  return resolve(process.env['THROUGHLINE_HOME'] ?? join(CHECKOUT, '.throughline'));
}

/**
 * Postgres refuses to run as root, and root's own folders are closed to the user it runs as instead, so for root its
 * files stand under /var/lib; folders below the system's temporary one are open to everybody and stay where they are.
 */
export function postgresHome(home: string): string {
  const inTemp = !relative(tmpdir(), home).startsWith('..');
  if (!isRoot() || inTemp) return home;
  return join('/var/lib/throughline', createHash('sha256').update(home).digest('hex').slice(0, 12));
}
