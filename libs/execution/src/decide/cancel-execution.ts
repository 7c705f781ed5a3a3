import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { endExecution } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type CancelRecord = Extract<ExecutionCommandRecord, { type: 'CancelExecution' }>;

export const cancelExecution = (state: ExecutionState, command: CancelRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  endExecution(run, { type: 'ExecutionCancelled' });
  return run.accepted();
};
