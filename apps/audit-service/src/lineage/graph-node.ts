import type { Commit, ExecutionStatus, LineageView } from '@throughline/contracts';

/** An execution among its relatives. */
export type GraphNode = LineageView['execution'] & {
  readonly rootExecutionId: string;
  readonly correlationId: string;
};

export type GraphChange =
  | { readonly kind: 'started'; readonly tenant: string; readonly node: GraphNode }
  | {
      readonly kind: 'ended';
      readonly tenant: string;
      readonly id: string;
      readonly status: ExecutionStatus;
      /** Null: it goes on after an end. */
      readonly at: string | null;
    };

const traceIdOf = (traceparent: string | undefined): string | null => traceparent?.split('-')[1] ?? null;

/** The first commit of an execution as its node, as it was right after the start. */
export const startedNode = (commit: Commit): GraphNode | undefined => {
  const start = commit.commands[0];
  const started = commit.events[0];
  if (commit.aggregate !== 'execution' || start?.type !== 'StartExecution' || started?.type !== 'ExecutionStarted') {
    return undefined;
  }
  return {
    // The aggregate id of an execution is its execution id: the same token under another brand.
    id: commit.aggregateId as unknown as GraphNode['id'],
    workflow: started.workflow.name,
    trigger: start.body.trigger,
    parentExecutionId: start.body.parentExecutionId ?? null,
    rootExecutionId: started.rootExecutionId,
    correlationId: started.correlationId,
    status: 'running',
    startedAt: start.at,
    endedAt: null,
    traceId: traceIdOf(start.traceparent),
  };
};

/** What a commit changes in the graph. */
export const graphChanges = (commit: Commit): readonly GraphChange[] => {
  if (commit.aggregate !== 'execution') return [];
  const { tenant } = commit;
  const node = startedNode(commit);
  const changes: GraphChange[] = node ? [{ kind: 'started', tenant, node }] : [];
  let index = 0;
  for (const { at, events } of commit.commands) {
    for (const { type } of commit.events.slice(index, index + events)) {
      const status = STATUS_AFTER[type];
      if (status) {
        const endedAt = status === 'running' ? null : at;
        changes.push({ kind: 'ended', tenant, id: commit.aggregateId, status, at: endedAt });
      }
    }
    index += events;
  }
  return changes;
};

const STATUS_AFTER: Readonly<Partial<Record<string, ExecutionStatus>>> = {
  ExecutionSucceeded: 'succeeded',
  ExecutionFailed: 'failed',
  ExecutionCancelled: 'cancelled',
  ExecutionTimedOut: 'timed_out',
  ExecutionReopened: 'running',
};
