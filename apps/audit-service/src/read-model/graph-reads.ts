import type { Tenant } from '@throughline/contracts';
import type { GraphNode } from '../lineage/graph-node.ts';
import type { Relatives } from '../lineage/lineage.ts';
import type { PrismaClient } from './generated/client.ts';
import type { GraphNodeModel } from './generated/models.ts';

/** Columns are text; what stands in them was written by the projection from a node. */
const nodeOf = ({ tenant: _tenant, ...row }: GraphNodeModel): GraphNode => row as GraphNode;

export class GraphReads {
  private readonly prisma: PrismaClient;

  constructor(prisma: PrismaClient) {
    this.prisma = prisma;
  }

  async node(tenant: Tenant, id: string): Promise<GraphNode | undefined> {
    const row = await this.prisma.graphNode.findUnique({ where: { tenant_id: { tenant, id } } });
    return row ? nodeOf(row) : undefined;
  }

  relativesIn(tenant: Tenant): Relatives {
    return {
      byIds: async (ids) =>
        (await this.prisma.graphNode.findMany({ where: { tenant, id: { in: [...ids] } } })).map(nodeOf),
      childrenOf: async (ids, limit) => {
        const rows = await this.prisma.graphNode.findMany({
          where: { tenant, parentExecutionId: { in: [...ids] } },
          orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
          take: limit,
        });
        return rows.map(nodeOf);
      },
    };
  }

  async ofCorrelation(
    tenant: Tenant,
    correlationId: string,
    limit: number,
  ): Promise<{ readonly count: number; readonly nodes: readonly GraphNode[] }> {
    const where = { tenant, correlationId };
    const [count, rows] = await Promise.all([
      this.prisma.graphNode.count({ where }),
      this.prisma.graphNode.findMany({ where, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }], take: limit }),
    ]);
    return { count, nodes: rows.map(nodeOf) };
  }
}
