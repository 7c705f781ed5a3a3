import type { Commit } from '@throughline/contracts';
import { type AnyState, type CommitAt, DEFAULT_LIMITS, type Limits, type WalkedEvent } from '@throughline/execution';
import { beginVerification, type ResolveMachine, type Verification, verifyNext } from '@throughline/history';
import type { Acknowledged } from './acknowledged.ts';
import { type CommitOnLog, keyOfCommit, placeOf, type StatusChange } from './commit-on-log.ts';
import type { EffectsOptions } from './effects.ts';
import { LogCheck } from './log-check.ts';
import type { CheckReport, PromiseTable } from './promise-table.ts';
import { endedOrWaiting } from './waiting.ts';

export interface CommitsCheckOptions {
  /** Finds the definitions that decided; absent: nothing is decided again. */
  readonly machineOf?: (tenant: Commit['tenant']) => ResolveMachine;
  readonly limits?: Limits;
  readonly acknowledged?: Iterable<Acknowledged>;
  readonly effects?: EffectsOptions;
  /** Nothing is under way any more: every execution has to have ended, or to wait for something. */
  readonly quiet?: boolean;
  /** Whoever read the commits has compared the digests with the very bytes. */
  readonly digestsChecked?: boolean;
  readonly table?: PromiseTable;
}

export const statusesOf = (walked: readonly WalkedEvent<AnyState>[]): readonly StatusChange[] =>
  walked.flatMap(({ event, index, before, after }) =>
    'frames' in before && 'frames' in after
      ? [{ index, type: event.type, before: before.status, after: after.status }]
      : [],
  );

type Read = CommitAt & { readonly subject?: string };

/** The whole check of commits that are in memory, in the order of their log. */
export const checkCommits = (commits: Iterable<Read>, options: CommitsCheckOptions = {}): CheckReport => {
  const { machineOf, limits = DEFAULT_LIMITS, quiet = false, digestsChecked = false } = options;
  const check = new LogCheck(options);
  const verifications = new Map<string, Verification>();
  for (const logged of commits) {
    let statuses: readonly StatusChange[] | undefined;
    if (machineOf) {
      const key = keyOfCommit(logged.commit);
      const verification =
        verifications.get(key) ??
        beginVerification(machineOf(logged.commit.tenant), {
          limits,
          digestsChecked,
          onCommit: ({ walked }) => {
            statuses = statusesOf(walked);
          },
        });
      verifications.set(key, verification);
      decidedAgain(verification, logged, check.table);
    }
    check.take(withStatuses(logged, statuses));
  }
  if (quiet) endedOrWaiting(check.books.all(), check.table);
  return check.end().report();
};

const withStatuses = (logged: Read, statuses: readonly StatusChange[] | undefined): CommitOnLog => ({
  commit: logged.commit,
  seq: logged.seq,
  ...(logged.subject === undefined ? {} : { subject: logged.subject }),
  ...(statuses ? { statuses } : {}),
});

const decidedAgain = (verification: Verification, logged: Read, table: PromiseTable): void => {
  const good = verifyNext(verification, logged);
  const [difference] = verification.differences.values();
  table.expect(
    good,
    'decides',
    placeOf(logged.commit, logged.seq, difference?.event),
    difference ? `${difference.reason} at ${difference.pointer}` : 'it is not what its commands lead to',
  );
};
