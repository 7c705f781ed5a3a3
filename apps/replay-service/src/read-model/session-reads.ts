import {
  aggregateIdSchema,
  type ReplayKind,
  type ReplaySessionView,
  replaySessionViewSchema,
  type ReplayStatus,
  type Tenant,
  tenantSchema,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { ReplayState } from '@throughline/execution';
import { fold } from '@throughline/history';
import { readCursor, writeCursor } from '@throughline/service-host';
import { replayRef } from '../sessions/replay-commands.ts';
import { sessionView } from '../sessions/session-view.ts';
import type { PrismaClient } from './generated/client.ts';

export interface SessionFilters {
  readonly executionId?: string;
  readonly scope?: 'execution' | 'all';
  readonly status?: ReplayStatus;
  readonly verdict?: 'identical' | 'divergent';
  readonly kind?: ReplayKind;
  readonly limit: number;
  readonly cursor?: string;
}

export interface SilentSession {
  readonly tenant: Tenant;
  readonly id: string;
}

export class SessionReads {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly log: EventLog,
  ) {}

  /** As it stands on the log: a session under way changes faster than its row. */
  async get(tenant: Tenant, id: string): Promise<ReplaySessionView | undefined> {
    const row = await this.prisma.replaySession.findUnique({ where: { tenant_id: { tenant, id } } });
    const view = row && replaySessionViewSchema.parse(row.view);
    return view?.status === 'completed' || view?.status === 'failed' ? view : this.fromLog(tenant, id);
  }

  async fromLog(tenant: Tenant, id: string): Promise<ReplaySessionView | undefined> {
    const state = await this.stateOf(tenant, id);
    return state && sessionView(state);
  }

  async stateOf(tenant: Tenant, id: string): Promise<ReplayState | undefined> {
    const read = await this.log.read(replayRef(tenant, aggregateIdSchema.parse(id)));
    if (read.kind === 'unreadable') throw new Error(`${read.code}: ${read.problem}`);
    return fold<ReplayState>(read.commits);
  }

  async list(
    tenant: Tenant,
    { limit, cursor, ...where }: SessionFilters,
  ): Promise<{ items: ReplaySessionView[]; nextCursor: string | null }> {
    const after = readCursor(cursor, ['text', 'text']);
    const rows = await this.prisma.replaySession.findMany({
      where: {
        tenant,
        ...where,
        ...(after ? { OR: [{ at: { lt: after[0] } }, { at: after[0], id: { lt: after[1] } }] } : {}),
      },
      orderBy: [{ at: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ view }) => replaySessionViewSchema.parse(view)),
      nextCursor: rows.length > limit && last ? writeCursor([last.at, last.id]) : null,
    };
  }

  /** Of all tenants: sessions that have not ended, and that nobody has said anything of since then. */
  async silentSince(before: string, limit: number): Promise<readonly SilentSession[]> {
    const rows = await this.prisma.replaySession.findMany({
      where: { silentSince: { lt: before } },
      select: { tenant: true, id: true },
      orderBy: { silentSince: 'asc' },
      take: limit,
    });
    return rows.map(({ tenant, id }) => ({ tenant: tenantSchema.parse(tenant), id }));
  }
}
