import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  readonly path: string;
  remove(): void;
}

/** Traversable by all, because Postgres runs as another user when tests run as root. */
export function tempDir(label = 'throughline'): TempDir {
  const path = mkdtempSync(join(tmpdir(), `${label}-`));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
