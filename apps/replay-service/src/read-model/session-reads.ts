import {
  aggregateIdSchema,
  type ReplaySessionView,
  replaySessionViewSchema,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { replayRef } from '../replay/replay-recorder.ts';
import type { PrismaClient } from './generated/client.ts';
import { sessionOf } from './replay-projection.ts';

export class SessionReads {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly log: EventLog,
  ) {}

  /** The row, or the log itself while the projection has not come so far. */
  async get(tenant: Tenant, id: string): Promise<ReplaySessionView | undefined> {
    return (await this.fromRow(tenant, id)) ?? (await this.fromLog(tenant, id));
  }

  async fromLog(tenant: Tenant, id: string): Promise<ReplaySessionView | undefined> {
    const read = await this.log.read(replayRef(tenant, aggregateIdSchema.parse(id)));
    if (read.kind === 'unreadable') throw new Error(`${read.code}: ${read.problem}`);
    const row = read.commits[0] && sessionOf(read.commits[0].commit);
    if (!row) return undefined;
    const { tenant: _tenant, ...view } = row;
    return view;
  }

  private async fromRow(tenant: Tenant, id: string): Promise<ReplaySessionView | undefined> {
    const row = await this.prisma.replaySession.findUnique({ where: { tenant_id: { tenant, id } } });
    if (!row) return undefined;
    const { executionId, mode, at, verdict, commits, events, matchPercent, firstDivergence } = row;
    return replaySessionViewSchema.parse({
      id,
      executionId,
      mode,
      status: 'completed',
      at,
      result: { verdict, commits, events, matchPercent, ...(firstDivergence === null ? {} : { firstDivergence }) },
    });
  }
}
