import { Controller, Inject } from '@nestjs/common';
import { type CorrelationChainView, type LineageView, routes, type Tenant } from '@throughline/contracts';
import {
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { type GraphNode, startedNode } from '../lineage/graph-node.ts';
import { lineageOf } from '../lineage/lineage.ts';
import { GraphReads } from '../read-model/graph-reads.ts';
import { ExecutionStarts } from './execution-starts.ts';

const viewOf = <N extends GraphNode>({
  rootExecutionId: _root,
  correlationId: _correlation,
  ...node
}: N): Omit<N, 'rootExecutionId' | 'correlationId'> => node;

@Controller()
export class LineageController {
  constructor(
    @Inject(GraphReads) private readonly graph: GraphReads,
    @Inject(ExecutionStarts) private readonly starts: ExecutionStarts,
  ) {}

  @Handle(routes.getLineage)
  async lineage(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getLineage>,
    @Query() { depth }: QueryOf<typeof routes.getLineage>,
  ): Promise<LineageView> {
    const execution = (await this.graph.node(tenant, id)) ?? (await this.justStarted(tenant, id));
    const family = await lineageOf(execution, depth, this.graph.relativesIn(tenant));
    return {
      execution: viewOf(family.execution),
      root: family.root,
      ancestors: family.ancestors.map(viewOf),
      descendants: family.descendants.map(viewOf),
      siblings: family.siblings.map(viewOf),
    };
  }

  /** Any correlation id may come into use, so one that nobody uses has an empty chain and is not an error. */
  @Handle(routes.getCorrelationChain)
  async chain(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getCorrelationChain>,
    @Query() { limit }: QueryOf<typeof routes.getCorrelationChain>,
  ): Promise<CorrelationChainView> {
    const { count, nodes } = await this.graph.ofCorrelation(tenant, id, limit);
    return { correlationId: id, root: nodes[0]?.rootExecutionId ?? null, count, executions: nodes.map(viewOf) };
  }

  private async justStarted(tenant: Tenant, id: string): Promise<GraphNode> {
    const first = await this.starts.projected(tenant, id);
    const node = (await this.graph.node(tenant, id)) ?? startedNode(first.commit);
    return node ?? refuse('TL0202', `the first commit of ${id} does not start it`);
  }
}
