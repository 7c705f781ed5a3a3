import { LABELS_MAX } from '@throughline/contracts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type AnnotateRecord = Extract<ExecutionCommandRecord, { type: 'AnnotateExecution' }>;

export const annotateExecution = (state: ExecutionState, command: AnnotateRecord, env: Env): ExecutionDecision => {
  const labels = { ...state.labels, ...command.body.labels };
  if (Object.keys(labels).length > LABELS_MAX) {
    return refused(
      'TL0001',
      `an execution may have ${LABELS_MAX} labels, and these would be ${Object.keys(labels).length}`,
    );
  }
  const run = new Run(state, command, env);
  run.emit({ type: 'ExecutionAnnotated' });
  return run.accepted();
};
