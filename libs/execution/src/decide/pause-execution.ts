import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { endLockWaits } from './end-lock-wait.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type PauseRecord = Extract<ExecutionCommandRecord, { type: 'PauseExecution' }>;

/** One event, however much is under way: folding it stops every timer, and the gate in `advance` does the rest. */
export const pauseExecution = (state: ExecutionState, command: PauseRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  run.emit({ type: 'ExecutionPaused' });
  // Others shall not wait for a step that may not begin.
  endLockWaits(run, 'suspended');
  return run.accepted();
};
