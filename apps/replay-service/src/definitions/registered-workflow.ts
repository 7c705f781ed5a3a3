import type { Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { readVersion } from '@throughline/event-log/verification';
import { type ResolvedMachine, workflowRef, type WorkflowState } from '@throughline/execution';
import { fold } from '@throughline/history';
import { refuse } from '@throughline/service-host';

/** A workflow with all its versions, read from the log. */
export const registeredWorkflow = async (log: EventLog, tenant: Tenant, name: string): Promise<WorkflowState> => {
  const read = await log.read(workflowRef(tenant, name));
  if (read.kind === 'unreadable') return refuse(read.code, read.problem);
  const state = fold<WorkflowState>(read.commits);
  return state?.name === name ? state : refuse('TL0101', `no workflow ${name}: register it first`);
};

/** One of its versions, parsed. */
export const registeredVersion = async (
  log: EventLog,
  tenant: Tenant,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<ResolvedMachine> =>
  (await readVersion(log, tenant, name, version)) ?? refuse('TL0102', `workflow ${name} has no version ${version}`);
