import { executionRef, type Tenant } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { refuse } from '@throughline/service-host';

/** All commits of an execution, or its first ones. Another tenant's execution is an unknown one. */
export const executionCommits = async (
  log: EventLog,
  tenant: Tenant,
  executionId: string,
  toVersion?: number,
): Promise<readonly LoggedCommit[]> => {
  const read = await log.read(executionRef(tenant, executionId), toVersion === undefined ? {} : { toVersion });
  if (read.kind === 'unreadable') return refuse(read.code, `log sequence ${read.seq}: ${read.problem}`);
  return read.commits.length > 0 ? read.commits : refuse('TL0105', `no execution ${executionId}`);
};
