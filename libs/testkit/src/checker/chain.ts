import { logSubject, parseLogSubject } from '@throughline/contracts';
import { type CommitOnLog, keyOfCommit, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

interface Last {
  version: number;
  seq: number;
  at: string;
}

/** Versions rise by one, each commit stands on the one before it, time does not go back, and every event has its command. */
export class Chain {
  readonly #last = new Map<string, Last>();

  take({ commit, seq, subject }: CommitOnLog, table: PromiseTable): void {
    const where = placeOf(commit, seq);
    const key = keyOfCommit(commit);
    const last = this.#last.get(key) ?? { version: 0, seq: 0, at: '' };
    const { version, prevSeq } = commit;
    table.checked('chain');
    const wrong = (problem: string): void => table.violated('chain', where, problem);
    if (version !== last.version + 1) wrong(`version ${version} follows version ${last.version}`);
    if (prevSeq !== last.seq)
      wrong(`it says that it follows sequence ${prevSeq}, and the one before stands at ${last.seq}`);
    if (seq <= last.seq) wrong(`it stands at ${seq}, before the one that it follows`);
    if (subject !== undefined && subject !== logSubject(commit)) wrong(`it stands on ${subject}`);
    const events = commit.commands.reduce((sum, command) => sum + command.events, 0);
    if (events !== commit.events.length)
      wrong(`its commands have ${events} events, and it has ${commit.events.length}`);
    let { at } = last;
    for (const command of commit.commands) {
      if (command.at < at) wrong(`time goes back from ${at} to ${command.at}`);
      if (command.at > at) ({ at } = command);
    }
    this.#last.set(key, { version, seq, at });
  }
}

/** A commit that another tenant's subject holds would be another tenant's data. */
export const tenantOfCommit = ({ commit, seq, subject }: CommitOnLog, table: PromiseTable): void => {
  if (subject === undefined) return;
  const named = parseLogSubject(subject)?.tenant;
  table.expect(
    named === commit.tenant,
    'tenant',
    placeOf(commit, seq),
    `its subject names tenant ${named}, and it ${commit.tenant}`,
  );
};
