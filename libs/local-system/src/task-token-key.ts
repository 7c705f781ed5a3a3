import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The key that the orchestrator signs task tokens with. Made once per home: tasks outlive the processes that gave them out. */
export function taskTokenKeyFile(home: string): string {
  mkdirSync(home, { recursive: true });
  const file = join(home, 'task-token-key');
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return file;
}
