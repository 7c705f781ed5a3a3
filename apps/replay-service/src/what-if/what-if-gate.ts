import type { Machine } from '@throughline/asl';
import type { ExecutionId, Tenant, WhatIfFinding, WhatIfReport } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { whatIfInSteps } from '@throughline/history';
import { type HistoryRead, readHistory } from '../replay/execution-history.ts';
import { inTurns } from '../sessions/turns.ts';
import { ReportUnderWay } from './what-if-report.ts';

/** Histories that are read while one is walked, and so in memory at once. */
const READ_AHEAD = 8;

export interface Gate {
  readonly tenant: Tenant;
  readonly machine: Machine;
  /** The latest first. */
  readonly executions: readonly ExecutionId[];
  readonly of: Pick<WhatIfReport, 'workflow' | 'candidate'>;
}

/** Walks the candidate over every execution, one after the other, and lets other requests have their turn. */
export const runGate = async (log: EventLog, { tenant, machine, executions, of }: Gate): Promise<WhatIfReport> => {
  const under = new ReportUnderWay();
  const reads: Promise<HistoryRead>[] = [];
  for (const [i, executionId] of executions.entries()) {
    for (let next = i + reads.length; reads.length < READ_AHEAD && next < executions.length; next += 1) {
      reads.push(reading(log, tenant, executions[next]));
    }
    const read = await reads.shift();
    if (read?.kind !== 'commits') under.add(unreadable(executionId, read?.message ?? 'it was not read'), 0);
    else under.add(await found(executionId, machine, read), read.commits.length);
  }
  return under.report(of);
};

const reading = async (log: EventLog, tenant: Tenant, id: ExecutionId | undefined): Promise<HistoryRead> => {
  try {
    return await readHistory(log, tenant, id ?? '');
  } catch (thrown) {
    return { kind: 'refused', code: 'TL0007', message: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

const found = async (
  executionId: ExecutionId,
  machine: Machine,
  { commits }: Extract<HistoryRead, { kind: 'commits' }>,
): Promise<WhatIfFinding> => {
  try {
    return await inTurns(whatIfInSteps(machine, commits));
  } catch (thrown) {
    return unreadable(executionId, thrown instanceof Error ? thrown.message : String(thrown));
  }
};

const unreadable = (executionId: ExecutionId, problem: string): WhatIfFinding => ({
  executionId,
  version: null,
  verdict: 'unreadable',
  open: false,
  problem,
  missing: [],
  notCalled: [],
});
