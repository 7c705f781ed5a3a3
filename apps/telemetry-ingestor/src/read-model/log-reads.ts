import { type Json, type logViewSchema, type Tenant } from '@throughline/contracts';
import type { z } from 'zod';
import type { PrismaClient } from './generated/client.ts';

export type LogView = z.infer<typeof logViewSchema>;

export interface LogFilters {
  readonly level?: LogView['level'];
  readonly domain?: LogView['domain'];
  readonly limit: number;
  /** The line to go on after. */
  readonly after?: LogPosition;
}
export interface LogPosition {
  readonly at: string;
  readonly id: string;
}

export class LogReads {
  constructor(private readonly prisma: PrismaClient) {}

  /** Oldest first; `next` is where the following page begins. */
  async ofExecution(
    tenant: Tenant,
    executionId: string,
    { level, domain, limit, after }: LogFilters,
  ): Promise<{ readonly items: LogView[]; readonly next: LogPosition | undefined }> {
    const rows = await this.prisma.logLine.findMany({
      where: {
        tenant,
        executionId,
        ...(level ? { level } : {}),
        ...(domain ? { domain } : {}),
        ...(after ? { OR: [{ at: { gt: after.at } }, { at: after.at, id: { gt: after.id } }] } : {}),
      },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map(
      ({ id, at, level, domain, service, message, step, correlationId, attributes }) =>
        // Columns are text and JSON; only lines that matched the schema were stored.
        ({ id, at, level, domain, service, message, step, correlationId, attributes: attributes as Json }) as LogView,
    );
    const last = items.at(-1);
    return { items, next: rows.length > limit && last ? { at: last.at, id: last.id } : undefined };
  }
}
