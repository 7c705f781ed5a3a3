import { executionRef, type Tenant } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import type { RunningProjection } from '@throughline/projections';
import { refuse } from '@throughline/service-host';

/** A caller who has just started an execution waits this long for its row; after that the log itself answers. */
const CATCH_UP_MS = 2_000;

/** Answers for executions whose rows are not there: unknown ones, and those that started a moment ago. */
export class ExecutionStarts {
  constructor(
    private readonly log: EventLog,
    private readonly projection: RunningProjection,
  ) {}

  /** The first commit, after its row had time to appear. TL0105 where the tenant has no such execution. */
  async projected(tenant: Tenant, executionId: string): Promise<LoggedCommit> {
    const read = await this.log.read(executionRef(tenant, executionId), { toVersion: 1 });
    if (read.kind === 'unreadable') return refuse(read.code, `log sequence ${read.seq}: ${read.problem}`);
    const first = read.commits[0];
    if (!first) return refuse('TL0105', `no execution ${executionId}`);
    await this.projection.caughtUpTo(first.seq, CATCH_UP_MS);
    return first;
  }
}
