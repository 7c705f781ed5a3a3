import { type CommitOnLog, keyOfCommit, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

/** An aggregate knows its last thousand commands: so far back a repeat is none. */
const REMEMBERED_MAX = 1_000;

/** No command stands twice in the history of its aggregate. */
export class CommandsOnce {
  readonly #seen = new Map<string, Set<string>>();

  take({ commit, seq }: CommitOnLog, table: PromiseTable): void {
    const key = keyOfCommit(commit);
    const seen = this.#seen.get(key) ?? new Set<string>();
    this.#seen.set(key, seen);
    for (const { id, type } of commit.commands) {
      table.expect(!seen.has(id), 'commands-once', placeOf(commit, seq), `${type} ${id} was decided before`);
      seen.add(id);
      const oldest = seen.values().next();
      if (seen.size > REMEMBERED_MAX && !oldest.done) seen.delete(oldest.value);
    }
  }

  /** What has ended for good need not be remembered. */
  forget(key: string): void {
    this.#seen.delete(key);
  }
}
