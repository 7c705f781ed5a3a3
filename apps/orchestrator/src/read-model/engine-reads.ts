import { type ExecutionStatus, isTerminal, type Tenant, EXECUTION_STATUSES } from '@throughline/contracts';
import type { PrismaClient } from './generated/client.ts';

const OPEN: ExecutionStatus[] = EXECUTION_STATUSES.filter((status) => !isTerminal(status));

export interface OpenExecution {
  readonly tenant: string;
  readonly id: string;
  readonly updatedAt: string;
}

/** What the engine asks its own read model: which executions stand still, and how many there are of what. */
export class EngineReads {
  private readonly prisma: PrismaClient;

  constructor(prisma: PrismaClient) {
    this.prisma = prisma;
  }

  /** Open executions of all tenants that nothing happened to since `before`, oldest first, after the given one. */
  async standingStill(before: string, limit: number, after?: OpenExecution): Promise<readonly OpenExecution[]> {
    return this.prisma.execution.findMany({
      where: {
        status: { in: OPEN },
        updatedAt: { lt: before },
        ...(after
          ? { OR: [{ updatedAt: { gt: after.updatedAt } }, { updatedAt: after.updatedAt, id: { gt: after.id } }] }
          : {}),
      },
      select: { tenant: true, id: true, updatedAt: true },
      orderBy: [{ updatedAt: 'asc' }, { id: 'asc' }],
      take: limit,
    });
  }

  async countOpen(tenant: Tenant, standingStillSince?: string): Promise<number> {
    return this.prisma.execution.count({
      where: {
        tenant,
        status: { in: OPEN },
        ...(standingStillSince === undefined ? {} : { updatedAt: { lt: standingStillSince } }),
      },
    });
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
