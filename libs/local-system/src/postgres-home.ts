import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where Postgres's folder stands apart from its home, it may outlive it: somebody deletes the checkout and clones it again
 * at the same place. Its read models would then belong to a log that is gone, so they go too; all of it is made from the log.
 */
export function claimPostgresHome(home: string, postgresHome: string): void {
  if (postgresHome === home) return;
  const homeId = readOrMakeId(join(home, 'home-id'));
  const claimFile = join(postgresHome, 'home-id');
  const claimedBy = existsSync(claimFile) ? readFileSync(claimFile, 'utf8') : undefined;
  if (claimedBy === homeId) return;
  rmSync(join(postgresHome, 'postgres'), { recursive: true, force: true });
  mkdirSync(postgresHome, { recursive: true });
  writeFileSync(claimFile, homeId);
}

function readOrMakeId(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomUUID());
  return readFileSync(file, 'utf8');
}
