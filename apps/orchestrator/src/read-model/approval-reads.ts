import {
  type ApprovalId,
  type ApprovalView,
  executionRef,
  type PendingStep,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import {
  approvalViewOf,
  type ExecutionState,
  foldCommit,
  initialExecution,
  pendingStepsOf,
} from '@throughline/execution';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { Page } from './execution-reads.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';

export interface ApprovalFilters {
  readonly status?: ApprovalView['status'];
  /** Only what this person may decide now. */
  readonly decidableBy?: { readonly id: string; readonly roles: readonly string[] };
  readonly limit: number;
  readonly cursor?: string;
}

/** Approvals: lists from rows, single ones from the log, so that nobody decides about a row that is behind. */
export class ApprovalReads {
  private readonly prisma: PrismaClient;
  private readonly log: EventLog;

  constructor(prisma: PrismaClient, log: EventLog) {
    this.prisma = prisma;
    this.log = log;
  }

  async list(tenant: Tenant, filters: ApprovalFilters): Promise<Page<ApprovalView>> {
    const after = readCursor(filters.cursor, ['text', 'text', 'text']);
    const rows = await this.prisma.approval.findMany({
      where: {
        tenant,
        ...(filters.status ? { status: filters.status } : {}),
        AND: [
          ...(filters.decidableBy ? decidableBy(filters.decidableBy) : []),
          ...(after ? [behind(after[0] ?? '', after[1] ?? '', after[2] ?? '')] : []),
        ],
      },
      orderBy: [{ requestedAt: 'asc' }, { executionId: 'asc' }, { id: 'asc' }],
      take: filters.limit + 1,
    });
    const items = rows.slice(0, filters.limit);
    const last = items.at(-1);
    return {
      // Written by the projection from views of this type.
      items: items.map(({ view }) => view as unknown as ApprovalView),
      nextCursor:
        rows.length > filters.limit && last ? writeCursor([last.requestedAt, last.executionId, last.id]) : null,
    };
  }

  async get(tenant: Tenant, executionId: string, id: ApprovalId): Promise<ApprovalView | undefined> {
    const state = await this.fold(tenant, executionId);
    const approval = state?.approvals.get(id);
    return state && approval && approvalViewOf(state, approval);
  }

  /** What the execution has before it, were it to go on now; undefined where there is none. */
  async pendingSteps(tenant: Tenant, executionId: string): Promise<PendingStep[] | undefined> {
    const state = await this.fold(tenant, executionId);
    return state && [...pendingStepsOf(state)];
  }

  private async fold(tenant: Tenant, executionId: string): Promise<ExecutionState | undefined> {
    const ref = executionRef(tenant, executionId);
    const read = await this.log.read(ref);
    if (read.kind === 'unreadable') throw new Error(`${read.code}: ${read.problem}`);
    let state = initialExecution(ref);
    for (const logged of read.commits) state = foldCommit(state, logged);
    return state.version === 0 ? undefined : state;
  }
}

const decidableBy = ({
  id,
  roles,
}: NonNullable<ApprovalFilters['decidableBy']>): readonly Prisma.ApprovalWhereInput[] => [
  { status: 'pending', requestedBy: { not: id }, NOT: { decidedBy: { has: id } } },
  {
    OR: [
      { roles: { isEmpty: true }, approvers: { isEmpty: true } },
      { approvers: { has: id } },
      { roles: { hasSome: [...roles] } },
    ],
  },
];

const behind = (requestedAt: string, executionId: string, id: string): Prisma.ApprovalWhereInput => ({
  OR: [
    { requestedAt: { gt: requestedAt } },
    { requestedAt, executionId: { gt: executionId } },
    { requestedAt, executionId, id: { gt: id } },
  ],
});
