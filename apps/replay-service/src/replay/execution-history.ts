import { type ErrorCode, executionRef, type Tenant } from '@throughline/contracts';
import type { AggregateRead, EventLog, LoggedCommit } from '@throughline/event-log';
import { parseMachine } from '@throughline/asl';
import { type ResolvedMachine, workflowRef, type WorkflowState, workflowVersionOf } from '@throughline/execution';
import { fold } from '@throughline/history';

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

/**
 * The version that the execution is pinned to, read from the log and parsed now: a replay takes nothing from a cache.
 * Undefined where the log does not have it; the verdict then shows where deciding needs it.
 */
export const readPinnedMachine = async (
  log: EventLog,
  tenant: Tenant,
  commits: readonly LoggedCommit[],
): Promise<ResolvedMachine | undefined> => {
  const started = commits[0]?.commit.events.find((event) => event.type === 'ExecutionStarted');
  if (!started) return undefined;
  const { name, version } = started.workflow;
  const read = await log.read(workflowRef(tenant, name));
  if (read.kind === 'unreadable') return undefined;
  const found = fold<WorkflowState>(read.commits);
  const registered = found?.name === name ? workflowVersionOf(found, version) : undefined;
  if (!registered) return undefined;
  const parsed = parseMachine(registered.definition);
  return parsed.ok ? { name, version, hash: registered.hash, machine: parsed.machine } : undefined;
};
