import { type ErrorCode, executionRef, type Tenant, type WorkflowPin } from '@throughline/contracts';
import type { AggregateRead, EventLog, LoggedCommit } from '@throughline/event-log';
import { parseMachine } from '@throughline/asl';
import { type ResolvedMachine, workflowRef, type WorkflowState, workflowVersionOf } from '@throughline/execution';
import { fold, type ResolveMachine } from '@throughline/history';

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
  const machines = new Map<number, ResolvedMachine>();
  for (const { name, version } of pinsOf(commits)) {
    const machine = machines.get(version) ?? (await readVersion(log, tenant, name, version));
    if (machine) machines.set(version, machine);
  }
  return (name, version) => {
    const machine = machines.get(version);
    return machine?.name === name ? machine : undefined;
  };
};

/** Few: people move executions. */
const pinsOf = (commits: readonly LoggedCommit[]): readonly WorkflowPin[] =>
  commits.flatMap(({ commit }) =>
    commit.events.flatMap((event) =>
      event.type === 'ExecutionStarted' || event.type === 'ExecutionMigrated' ? [event.workflow] : [],
    ),
  );

/** A version as it was registered, read from the log and parsed now: a replay takes nothing from a cache. Undefined where the log does not have it. */
export const readVersion = async (
  log: EventLog,
  tenant: Tenant,
  name: string,
  version: number,
): Promise<ResolvedMachine | undefined> => {
  const read = await log.read(workflowRef(tenant, name));
  if (read.kind === 'unreadable') return undefined;
  const found = fold<WorkflowState>(read.commits);
  const registered = found?.name === name ? workflowVersionOf(found, version) : undefined;
  if (!registered) return undefined;
  const parsed = parseMachine(registered.definition);
  return parsed.ok ? { name, version, hash: registered.hash, machine: parsed.machine } : undefined;
};
