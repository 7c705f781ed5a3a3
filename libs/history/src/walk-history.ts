import {
  type CommitAt,
  type ExecutionState,
  initialExecution,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';

/** Shows every event of an execution with its command and the states around it; gives the last state, undefined where there is none. */
export const walkHistory = (
  commits: readonly CommitAt[],
  see: (walked: WalkedEvent<ExecutionState>, logged: CommitAt) => void,
): ExecutionState | undefined => {
  const first = commits[0]?.commit;
  if (!first) return undefined;
  const { tenant, aggregate, aggregateId } = first;
  let state = initialExecution({ tenant, aggregate, aggregateId });
  for (const logged of commits) state = walkCommit(state, logged, (walked) => see(walked, logged));
  return state;
};
