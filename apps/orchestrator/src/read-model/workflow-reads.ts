import type { Tenant, WorkflowView } from '@throughline/contracts';
import type { WorkflowCatalog } from '@throughline/engine';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { Page } from './execution-reads.ts';
import type { PrismaClient } from './generated/client.ts';
import type { WorkflowRow } from './upserts.ts';
import { workflowView } from './views.ts';

/** Workflows: lists from rows; one workflow from the log's own catalog, which is never behind. */
export class WorkflowReads {
  private readonly prisma: PrismaClient;
  private readonly catalog: WorkflowCatalog;

  constructor(prisma: PrismaClient, catalog: WorkflowCatalog) {
    this.prisma = prisma;
    this.catalog = catalog;
  }

  async get(tenant: Tenant, name: string, version?: number): Promise<WorkflowView | undefined> {
    const found = await this.catalog.versionOf(tenant, name, version);
    return (
      found && {
        name,
        version: found.version,
        hash: found.hash,
        states: found.states,
        registeredAt: found.registeredAt,
        definition: found.definition,
      }
    );
  }

  /** Latest version of each, by name. */
  async list(tenant: Tenant, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<WorkflowView>> {
    const after = readCursor(page.cursor, ['text'])?.[0];
    const rows = await this.prisma.workflow.findMany({
      where: { tenant, ...(after === undefined ? {} : { name: { gt: after } }) },
      distinct: ['name'],
      orderBy: [{ name: 'asc' }, { version: 'desc' }],
      take: page.limit + 1,
    });
    return pageOf(rows, page.limit, (row) => row.name);
  }

  /** Newest first. */
  async versions(
    tenant: Tenant,
    name: string,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<WorkflowView>> {
    const before = readCursor(page.cursor, ['number'])?.[0];
    const rows = await this.prisma.workflow.findMany({
      where: { tenant, name, ...(before === undefined ? {} : { version: { lt: Number(before) } }) },
      orderBy: { version: 'desc' },
      take: page.limit + 1,
    });
    return pageOf(rows, page.limit, (row) => String(row.version));
  }
}

const pageOf = <R extends object>(rows: readonly R[], limit: number, keyOf: (row: R) => string): Page<WorkflowView> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    // Prisma types columns as text and JSON; the projection wrote them from rows of this type.
    items: items.map((row) => workflowView(row as unknown as WorkflowRow, false)),
    nextCursor: rows.length > limit && last ? writeCursor([keyOf(last)]) : null,
  };
};
