import { type ExecutionView, isTerminal, type Tenant } from '@throughline/contracts';
import { refuse } from '@throughline/service-host';
import type { ExecutionReads } from '../read-model/execution-reads.ts';

const FIRST_LOOK_MS = 20;
const LOOK_EVERY_MAX_MS = 500;

/** Looks at the log until the execution has ended or the time is over; which of the two, the view says. */
export const awaitEnd = async (
  reads: ExecutionReads,
  tenant: Tenant,
  id: string,
  waitMs: number,
): Promise<ExecutionView> => {
  const until = Date.now() + waitMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 1.5, LOOK_EVERY_MAX_MS)) {
    const view = await reads.fromLog(tenant, id);
    if (!view) return refuse('TL0105', `no execution ${id}`);
    const left = until - Date.now();
    if (isTerminal(view.status) || left <= 0) return view;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, left)));
  }
};
