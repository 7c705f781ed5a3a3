import {
  executionRef,
  LOCK_QUEUE_SHOWN,
  type LockDetail,
  type LockStatus,
  type LockView,
  type Tenant,
} from '@throughline/contracts';
import type { LocksStandingStill, LockToLookAt, StateCache } from '@throughline/engine';
import { awaitedAsset, type ExecutionState, lockRef, type LockState, openRequests } from '@throughline/execution';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { Page } from './execution-reads.ts';
import type { PrismaClient } from './generated/client.ts';
import { lockRow, type LockRow } from './lock-rows.ts';

export interface LockFilters {
  readonly status?: LockStatus;
  readonly executionId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Locks: lists from rows; one of them, and those of one execution, from the engine's own states, which are never behind. */
export class LockReads implements LocksStandingStill {
  private readonly prisma: PrismaClient;
  private readonly states: StateCache;

  constructor(prisma: PrismaClient, states: StateCache) {
    this.prisma = prisma;
    this.states = states;
  }

  /** Undefined where nothing has ever asked for it. */
  async get(tenant: Tenant, asset: string): Promise<LockDetail | undefined> {
    const state = await this.state(tenant, asset);
    const row = lockRow(state);
    if (!row) return undefined;
    const queue = state.queue.valueSeq().take(LOCK_QUEUE_SHOWN).toArray();
    return {
      ...viewOf(row),
      queue: queue.map(({ execution, workflow, state: name, request, since }, index) => ({
        executionId: execution,
        workflow,
        state: name,
        request,
        place: index + 1,
        since,
      })),
    };
  }

  async list(tenant: Tenant, filters: LockFilters): Promise<Page<LockView>> {
    if (filters.executionId !== undefined) return this.ofExecution(tenant, filters.executionId, filters);
    const after = readCursor(filters.cursor, ['text'])?.[0];
    const rows = await this.prisma.lock.findMany({
      where: {
        tenant,
        ...(filters.status === undefined ? {} : { status: filters.status }),
        ...(after === undefined ? {} : { asset: { gt: after } }),
      },
      orderBy: { asset: 'asc' },
      take: filters.limit + 1,
    });
    const items = rows.slice(0, filters.limit);
    const last = items.at(-1);
    return {
      // The projection wrote the columns from rows of this type.
      items: items.map((row) => viewOf(row as unknown as LockRow)),
      nextCursor: rows.length > filters.limit && last ? writeCursor([last.asset]) : null,
    };
  }

  /** Of all tenants: those that somebody holds, and that nothing happened to since `before`. */
  async standingStill(before: string, limit: number, after?: LockToLookAt): Promise<readonly LockToLookAt[]> {
    return this.prisma.lock.findMany({
      where: {
        updatedAt: { lt: before },
        status: { not: 'free' },
        ...(after
          ? { OR: [{ tenant: { gt: after.tenant } }, { tenant: after.tenant, asset: { gt: after.asset } }] }
          : {}),
      },
      select: { tenant: true, asset: true },
      orderBy: [{ tenant: 'asc' }, { asset: 'asc' }],
      take: limit,
    });
  }

  private async ofExecution(
    tenant: Tenant,
    executionId: string,
    { status, limit, cursor }: LockFilters,
  ): Promise<Page<LockView>> {
    const after = readCursor(cursor, ['text'])?.[0];
    // The aggregate that was asked for.
    const { locks } = (await this.load(executionRef(tenant, executionId))) as ExecutionState;
    const wanted = new Set<string>();
    for (const request of openRequests(locks)) {
      for (const asset of request.assets.slice(0, request.taken.length)) wanted.add(asset);
      const awaited = awaitedAsset(request);
      if (awaited !== undefined) wanted.add(awaited);
    }
    const assets = [...wanted].filter((asset) => after === undefined || asset > after).sort(inOrder);
    const items: LockView[] = [];
    for (const asset of assets) {
      const state = await this.state(tenant, asset);
      const row = lockRow(state);
      if (!row || (status !== undefined && row.status !== status)) continue;
      if (items.length === limit) return { items, nextCursor: writeCursor([items.at(-1)?.asset ?? '']) };
      items.push({ ...viewOf(row), place: placeOf(state, executionId) });
    }
    return { items, nextCursor: null };
  }

  private async state(tenant: Tenant, asset: string): Promise<LockState> {
    // The aggregate that was asked for.
    return (await this.load(lockRef(tenant, asset))) as LockState;
  }

  private async load(ref: Parameters<StateCache['load']>[0]) {
    const loaded = await this.states.load(ref);
    if (loaded.kind === 'unreadable') throw new Error(`${loaded.code}: ${loaded.problem}`);
    return loaded.state;
  }
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

/** How many are before it: the holder, then the queue. One that is neither yet comes behind them all. */
const placeOf = ({ holder, queue }: LockState, executionId: string): number => {
  if (holder?.execution === executionId) return 0;
  const index = queue.valueSeq().findIndex(({ execution }) => execution === executionId);
  return (index < 0 ? queue.size : index) + 1;
};

// The casts restore the brands that a column loses: every row was written from a state.
const viewOf = (row: LockRow): LockView =>
  ({
    asset: row.asset,
    id: row.id,
    status: row.status,
    holder: row.holder,
    waiting: row.waiting,
    updatedAt: row.updatedAt,
    version: row.version,
  }) as LockView;
