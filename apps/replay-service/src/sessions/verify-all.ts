import type { ReplayRequest, Tenant } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { verifyLog } from '@throughline/event-log/verification';
import { boundedResult } from './bounded-result.ts';
import type { PreparedRun, SessionExecutor } from './session-executor.ts';

/** Decides everything again that a tenant has on the log, of every kind of aggregate. */
export class VerifyAll implements SessionExecutor {
  /** Each keeps many states in memory. */
  readonly slots = { running: 1, waiting: 4 };

  constructor(private readonly nc: NatsConnection) {}

  prepare(tenant: Tenant, request: ReplayRequest): Promise<PreparedRun> {
    if (request.scope !== 'all') throw new Error(`a session of scope ${request.scope} came to the wrong place`);
    const { since } = request;
    const name = 'replay-all';
    return Promise.resolve(async (_session, { report, signal }) =>
      boundedResult(
        await verifyLog(this.nc, {
          name,
          tenant,
          signal,
          onProgress: report,
          ...(since === undefined ? {} : { since }),
        }),
      ),
    );
  }
}
