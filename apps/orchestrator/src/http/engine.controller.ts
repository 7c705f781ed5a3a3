import { Controller, Inject } from '@nestjs/common';
import { routes } from '@throughline/contracts';
import { type Caller, CallerOf, Handle, PROJECTION, type ResponseOf } from '@throughline/service-host';
import type { RunningProjection } from '@throughline/projections';
import { Engine } from '../engine.ts';
import { EngineReads } from '../read-model/engine-reads.ts';

/** Nothing is expected to stand still for so long without a timer or a task of that length. */
const STALLED_MS = 60_000;

/** What a caller's tenant has going on, and how the engine itself is. */
@Controller()
export class EngineController {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(EngineReads) private readonly reads: EngineReads,
    @Inject(PROJECTION) private readonly projection: RunningProjection,
  ) {}

  @Handle(routes.executionsHealth)
  async health(@CallerOf() caller: Caller): Promise<ResponseOf<typeof routes.executionsHealth>> {
    const since = new Date(Date.now() - STALLED_MS).toISOString();
    const [open, stalled] = await Promise.all([
      this.reads.countOpen(caller.tenant),
      this.reads.countOpen(caller.tenant, since),
    ]);
    const { lag, state } = this.projection.status();
    const acceptsStarts = this.engine.room.accepts('StartExecution');
    return {
      status: acceptsStarts && this.engine.connected && state.kind === 'running' ? 'ok' : 'degraded',
      open,
      stalled,
      projectionLag: lag,
      log: { ...this.engine.room.room, acceptsStarts },
    };
  }

  @Handle(routes.stats)
  async stats(@CallerOf() caller: Caller): Promise<ResponseOf<typeof routes.stats>> {
    const [executionsByStatus, workflows] = await Promise.all([
      this.reads.countByStatus(caller.tenant),
      this.reads.countWorkflows(caller.tenant),
    ]);
    const partitions = this.engine.owners().map(({ part, instance = null }) => ({ partition: part, instance }));
    return { executionsByStatus, workflows, projectedSeq: this.projection.status().seq, partitions };
  }
}
