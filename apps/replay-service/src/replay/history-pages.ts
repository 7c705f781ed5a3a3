import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AggregateRef } from '@throughline/contracts';
import type { AggregateRead, EventLog, LoggedCommit } from '@throughline/event-log';

/** Commits read at once: a long history is folded without being in memory. */
const PAGE_COMMITS = 500;
/** Other requests get their turn at least this often; one commit alone is bounded by its 1,000 events. */
const TURN_MS = 20;

export interface Stretch {
  /** Read from this sequence on, inclusive; absent: from the first commit. */
  readonly fromSeq?: number;
  /** The version of the commit there, less one. */
  readonly after: number;
  /** The last version wanted. */
  readonly to: number;
}

/** The commits of one aggregate one by one, page after page. Ends early at a record that cannot be read. */
export async function* historyPages(
  log: EventLog,
  ref: AggregateRef,
  { fromSeq, after, to }: Stretch,
): AsyncGenerator<LoggedCommit, Extract<AggregateRead, { kind: 'unreadable' }> | undefined, undefined> {
  let next = fromSeq;
  let version = after;
  let turnStartedMs = performance.now();
  while (version < to) {
    const toVersion = Math.min(to, version + PAGE_COMMITS);
    const read = await log.read(ref, { toVersion, ...(next === undefined ? {} : { fromSeq: next }) });
    if (read.kind === 'unreadable') return read;
    if (read.commits.length === 0) return undefined;
    for (const logged of read.commits) {
      yield logged;
      if (performance.now() - turnStartedMs < TURN_MS) continue;
      await nextTurn();
      turnStartedMs = performance.now();
    }
    const last = read.commits.at(-1);
    version = last?.commit.version ?? to;
    next = (last?.seq ?? 0) + 1;
  }
  return undefined;
}
