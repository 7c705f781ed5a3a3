import { type ErrorCode, executionRef, type Tenant } from '@throughline/contracts';
import type { AggregateRead, EventLog, LoggedCommit } from '@throughline/event-log';
import { MachinesOfLog, workflowsOf } from '@throughline/event-log/verification';
import type { ResolveMachine } from '@throughline/history';

export type HistoryRead =
  | { readonly kind: 'commits'; readonly commits: readonly LoggedCommit[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

const damaged = (read: Extract<AggregateRead, { kind: 'unreadable' }>): HistoryRead => ({
  kind: 'refused',
  code: read.code,
  message: `log sequence ${read.seq}: ${read.problem}`,
});

/** All commits of an execution. Another tenant's execution is an unknown one. */
export const readHistory = async (log: EventLog, tenant: Tenant, executionId: string): Promise<HistoryRead> => {
  const read = await log.read(executionRef(tenant, executionId));
  if (read.kind === 'unreadable') return damaged(read);
  if (read.commits.length > 0) return read;
  return { kind: 'refused', code: 'TL0105', message: `no execution ${executionId}` };
};

/** Every version of its workflow that the execution has run on, found by name and version. The verdict shows where one is missing that deciding needs. */
export const readMachines = async (
  log: EventLog,
  tenant: Tenant,
  commits: readonly LoggedCommit[],
): Promise<ResolveMachine> => {
  const machines = new MachinesOfLog(log);
  for (const { commit } of commits) await machines.need(tenant, workflowsOf(commit));
  return machines.resolverOf(tenant);
};
