import { type ExecutionStatus, isTerminal } from '@throughline/contracts';
import { isLegalTransition } from '@throughline/execution';
import { type CommitOnLog, placeOf, type StatusChange } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

/** The changes of status that the fold of the commit shows are those that the lifecycle allows. */
export const legalTransitions = ({ commit, seq, statuses }: CommitOnLog, table: PromiseTable): void => {
  if (commit.aggregate !== 'execution' || !statuses) return;
  for (const change of statuses) {
    const problem = problemOf(change);
    table.expect(problem === undefined, 'transitions', placeOf(commit, seq, change.index), problem ?? '');
  }
};

const problemOf = ({ type, before, after }: StatusChange): string | undefined => {
  if (before === after) return undefined;
  // The cast states what folds give; another text would not be in the table either.
  const [from, to] = [before as ExecutionStatus | 'none', after as ExecutionStatus];
  // Said again here: a table that was widened by mistake would allow these too.
  if (isTerminal(from) && type !== 'ExecutionReopened') return `${type} takes it from ${from} to ${to}`;
  if (from === 'none' && type !== 'ExecutionStarted') return `${type} begins it`;
  return isLegalTransition(from, to) ? undefined : `${type} takes it from ${from} to ${to}`;
};
