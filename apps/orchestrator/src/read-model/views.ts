import type { ExecutionView, Json, StepView, WorkflowView } from '@throughline/contracts';
import type { ExecutionRow, StepRow, WorkflowRow } from './upserts.ts';

type Nullable<R, K extends keyof R> = Omit<R, K> & { readonly [P in K]: R[P] | null };

/**
 * Rows as Postgres or a fold gives them, as the API shows them. The casts restore the brands that a column loses: every
 * row was written from a parsed commit.
 */
export const executionView = (row: Nullable<ExecutionRow, 'output'>): ExecutionView =>
  ({
    id: row.id,
    workflow: { name: row.workflowName, version: row.workflowVersion },
    status: row.status,
    progress: row.progress,
    currentStep: row.currentStep,
    trigger: row.trigger,
    correlationId: row.correlationId,
    parentExecutionId: row.parentExecutionId,
    rootExecutionId: row.rootExecutionId,
    runId: row.runId,
    labels: row.labels,
    startedAt: row.startedAt,
    updatedAt: row.updatedAt,
    endedAt: row.endedAt,
    version: row.version,
    traceId: row.traceId,
    input: row.input,
    // A succeeded execution has an output, if only null; a column cannot tell JSON null from none.
    ...(row.status === 'succeeded' ? { output: row.output ?? null } : {}),
    error: row.error,
    cause: row.cause,
    runState: row.runState,
  }) as ExecutionView;

export const stepView = (row: Nullable<StepRow, 'output'>): StepView =>
  ({
    id: row.id,
    state: row.state,
    frame: row.frame,
    visit: row.visit,
    status: row.status,
    attempts: row.attempts,
    enteredAt: row.enteredAt,
    exitedAt: row.exitedAt,
    input: row.input,
    ...(row.status === 'succeeded' || row.status === 'caught' ? { output: row.output ?? null } : {}),
    error: row.error,
    cause: row.cause,
  }) as StepView;

export const workflowView = (row: WorkflowRow, withDefinition: boolean): WorkflowView => ({
  name: row.name,
  version: row.version,
  hash: row.hash,
  states: row.states,
  registeredAt: row.registeredAt,
  ...(withDefinition ? { definition: row.definition as Json } : {}),
});
