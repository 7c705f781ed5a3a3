import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { type ExecutionState, mayStartWork } from '../execution-state.ts';
import { advance } from './advance.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type ContinueRecord = Extract<ExecutionCommandRecord, { type: 'ContinueExecution' }>;

export const continueExecution = (state: ExecutionState, command: ContinueRecord, env: Env): ExecutionDecision => {
  if (!state.continuation) return refused('TL0109', `nothing of ${state.ref.aggregateId} waits to be continued`);
  // Not taken, so that it may come again; whoever ends the pause or hold takes up what can move.
  if (!mayStartWork(state)) return refused('TL0109', `${state.ref.aggregateId} is ${state.status}: nothing may start`);
  const run = new Run(state, command, env);
  advance(run);
  return run.accepted();
};
