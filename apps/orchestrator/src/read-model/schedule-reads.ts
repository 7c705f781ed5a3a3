import { type Instant, type ScheduleId, scheduleRef, type ScheduleView, type Tenant } from '@throughline/contracts';
import {
  type SchedulesStandingStill,
  type ScheduleToLookAt,
  type StateCache,
  upcomingInstants,
} from '@throughline/engine';
import type { ScheduleState } from '@throughline/execution';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { Page } from './execution-reads.ts';
import type { PrismaClient } from './generated/client.ts';
import { type ScheduleFacts, scheduleFacts } from './schedule-rows.ts';

const UPCOMING_SHOWN = 5;

export interface ScheduleFilters {
  readonly status?: 'active' | 'paused';
  readonly workflow?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Schedules: lists from rows; one of them from the engine's own states, which are never behind. */
export class ScheduleReads implements SchedulesStandingStill {
  private readonly prisma: PrismaClient;
  private readonly states: StateCache;

  constructor(prisma: PrismaClient, states: StateCache) {
    this.prisma = prisma;
    this.states = states;
  }

  async state(tenant: Tenant, id: ScheduleId): Promise<ScheduleState> {
    const loaded = await this.states.load(scheduleRef(tenant, id));
    if (loaded.kind === 'unreadable') throw new Error(`${loaded.code}: ${loaded.problem}`);
    // The state of the aggregate that was asked for.
    return loaded.state as ScheduleState;
  }

  /** Undefined where there is none, or none any more. A row where this process has not decided on it lately. */
  async get(tenant: Tenant, id: ScheduleId): Promise<ScheduleView | undefined> {
    const known = this.states.known(scheduleRef(tenant, id));
    const row = known ? null : await this.prisma.schedule.findUnique({ where: { tenant_id: { tenant, id } } });
    const view = row ? fromRow(row, UPCOMING_SHOWN) : await this.fromLog(tenant, id);
    return view?.status === 'deleted' ? undefined : view;
  }

  /** As the log has it this moment, even deleted: what a caller who just commanded something must see. */
  async fromLog(tenant: Tenant, id: ScheduleId): Promise<ScheduleView | undefined> {
    const state = await this.state(tenant, id);
    const facts = scheduleFacts(state);
    return facts && { ...facts, next: upcomingInstants(facts.timing, state.timer?.dueAt ?? null, UPCOMING_SHOWN) };
  }

  async list(tenant: Tenant, filters: ScheduleFilters): Promise<Page<ScheduleView>> {
    const after = readCursor(filters.cursor, ['text'])?.[0];
    const rows = await this.prisma.schedule.findMany({
      where: {
        tenant,
        status: filters.status ?? { not: 'deleted' },
        ...(filters.workflow === undefined ? {} : { workflowName: filters.workflow }),
        ...(after === undefined ? {} : { id: { gt: after } }),
      },
      orderBy: { id: 'asc' },
      take: filters.limit + 1,
    });
    const items = rows.slice(0, filters.limit);
    const last = items.at(-1);
    return {
      items: items.map((row) => fromRow(row, 1)),
      nextCursor: rows.length > filters.limit && last ? writeCursor([last.id]) : null,
    };
  }

  /** Of all tenants: those that wait for a timer or for executions, and that nothing happened to since `before`. */
  async standingStill(before: string, limit: number, after?: ScheduleToLookAt): Promise<readonly ScheduleToLookAt[]> {
    return this.prisma.schedule.findMany({
      where: {
        updatedAt: { lt: before },
        AND: [
          { OR: [{ nextAt: { not: null } }, { openRuns: { gt: 0 } }] },
          after ? { OR: [{ tenant: { gt: after.tenant } }, { tenant: after.tenant, id: { gt: after.id } }] } : {},
        ],
      },
      select: { tenant: true, id: true },
      orderBy: [{ tenant: 'asc' }, { id: 'asc' }],
      take: limit,
    });
  }
}

const fromRow = (row: { readonly facts: unknown; readonly nextAt: string | null }, upcoming: number): ScheduleView => {
  // The projection wrote the columns from facts and instants.
  const facts = row.facts as ScheduleFacts;
  return { ...facts, next: upcomingInstants(facts.timing, row.nextAt as Instant | null, upcoming) };
};
