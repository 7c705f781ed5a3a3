import { EXECUTION_STATUSES, isTerminal, type Tenant } from '@throughline/contracts';
import type { OpenExecution, StandingStill } from '@throughline/engine';
import type { RunningProjection } from '@throughline/projections';
import { hashOfTag } from './control-rows.ts';
import type { PrismaClient } from './generated/client.ts';

/** What the engine asks its own read model: which executions stand still, and how many there are of what. */
export class EngineReads implements StandingStill {
  private readonly prisma: PrismaClient;
  private readonly projection: Pick<RunningProjection, 'status'>;

  constructor(prisma: PrismaClient, projection: Pick<RunningProjection, 'status'>) {
    this.prisma = prisma;
    this.projection = projection;
  }

  /** Commits on the log whose rows are not there yet. */
  get lag(): number {
    return this.projection.status().lag;
  }

  /** Open executions of all tenants that nothing happened to since `before`, in order of their start, after the given one. */
  async standingStill(before: string, limit: number, after?: OpenExecution): Promise<readonly OpenExecution[]> {
    return this.prisma.execution.findMany({
      where: {
        endedAt: null,
        updatedAt: { lt: before },
        ...(after
          ? { OR: [{ startedAt: { gt: after.startedAt } }, { startedAt: after.startedAt, id: { gt: after.id } }] }
          : {}),
      },
      select: { tenant: true, id: true, startedAt: true },
      orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
      take: limit,
    });
  }

  /** Ended executions whose result is still on its way, and that nothing happened to since `before`. */
  async deliveringStill(before: string, limit: number): Promise<readonly OpenExecution[]> {
    const rows = await this.prisma.executionTag.findMany({
      where: {
        name: 'deliveryState',
        valueHash: hashOfTag('pending'),
        execution: { endedAt: { not: null }, updatedAt: { lt: before } },
      },
      select: { tenant: true, execution: { select: { id: true, startedAt: true } } },
      take: limit,
    });
    return rows.map(({ tenant, execution }) => ({ tenant, ...execution }));
  }

  async countOpen(tenant: Tenant, standingStillSince?: string): Promise<number> {
    return this.prisma.execution.count({
      where: {
        tenant,
        endedAt: null,
        ...(standingStillSince === undefined ? {} : { updatedAt: { lt: standingStillSince } }),
      },
    });
  }

  /** Of whoever has very many, no more are counted than `upTo`. */
  async countOpenUpTo(tenant: Tenant, upTo: number): Promise<number> {
    const open = await this.prisma.execution.findMany({
      // By status, because that is what the index has.
      where: { tenant, status: { in: EXECUTION_STATUSES.filter((status) => !isTerminal(status)) } },
      select: { id: true },
      take: upTo,
    });
    return open.length;
  }

  async countByStatus(tenant: Tenant): Promise<Record<string, number>> {
    const groups = await this.prisma.execution.groupBy({ by: ['status'], where: { tenant }, _count: { _all: true } });
    return Object.fromEntries(groups.map((group) => [group.status, group._count._all]));
  }

  async countWorkflows(tenant: Tenant): Promise<number> {
    const names = await this.prisma.workflow.findMany({
      where: { tenant },
      distinct: ['name'],
      select: { name: true },
    });
    return names.length;
  }
}
