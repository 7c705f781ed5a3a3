import type { Commit } from '@throughline/contracts';
import { type AnyState, type CommitAt, deciderOf, foldCommit } from '@throughline/execution';

const refOf = (commit: Commit) => ({
  tenant: commit.tenant,
  aggregate: commit.aggregate,
  aggregateId: commit.aggregateId,
});

/** One aggregate's state after its commits, or after those up to a version. Undefined where there are none. */
export const fold = <S extends AnyState>(commits: readonly CommitAt[], upTo = Infinity): S | undefined => {
  const first = commits[0];
  if (!first) return undefined;
  let state = deciderOf<S>(first.commit.aggregate).initial(refOf(first.commit));
  for (const logged of commits) {
    if (logged.commit.version > upTo) break;
    state = foldCommit(state, logged);
  }
  return state;
};

/** The state right after commit `version`; undefined where the history has no such position. */
export const stateAt = <S extends AnyState>(commits: readonly CommitAt[], version: number): S | undefined => {
  if (!Number.isInteger(version) || version < 1) return undefined;
  const state = fold<S>(commits, version);
  return state?.version === version ? state : undefined;
};
