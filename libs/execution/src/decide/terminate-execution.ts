import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { endExecution } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type TerminateRecord = Extract<ExecutionCommandRecord, { type: 'TerminateExecution' }>;

export const terminateExecution = (state: ExecutionState, command: TerminateRecord, env: Env): ExecutionDecision => {
  const run = new Run(state, command, env);
  endExecution(run, { type: 'ExecutionCancelled' });
  return run.accepted();
};
