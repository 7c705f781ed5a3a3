import {
  type ExecutionId,
  executionIdSchema,
  type ExecutionStatus,
  type ExecutionView,
  executionRef,
  type StepView,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type ExecutionState, initialExecution } from '@throughline/execution';
import { type Moment, wasThere } from '@throughline/history';
import { hashOfTag } from './control-rows.ts';
import { readCursor, writeCursor } from '@throughline/service-host';
import type { PrismaClient } from './generated/client.ts';
import { type Changes, noChanges, takeExecution } from './rows.ts';
import type { ExecutionRow, StepRow } from './upserts.ts';
import { executionView, stepView } from './views.ts';

export interface ExecutionFilters {
  readonly status?: ExecutionStatus;
  readonly workflow?: string;
  readonly correlationId?: string;
  /** Name and value, as the fold's `tagsOf` has them; each narrows the list. */
  readonly tags: readonly (readonly [string, string])[];
  readonly limit: number;
  readonly cursor?: string;
}
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** Executions and their steps: rows where the projection has them, a fold of the log where it has not caught up yet. */
export class ExecutionReads {
  private readonly prisma: PrismaClient;
  private readonly log: EventLog;

  constructor(prisma: PrismaClient, log: EventLog) {
    this.prisma = prisma;
    this.log = log;
  }

  async get(tenant: Tenant, id: string): Promise<ExecutionView | undefined> {
    const row = await this.prisma.execution.findUnique({ where: { tenant_id: { tenant, id } } });
    return row ? executionView(fromColumns(row)) : this.fromLog(tenant, id);
  }

  /** As the log has it this moment, what a caller who just commanded something must see; or as it was at another. */
  async fromLog(tenant: Tenant, id: string, asOf?: Moment): Promise<ExecutionView | undefined> {
    const [row] = (await this.fold(tenant, id, asOf)).executions.values();
    return row && executionView({ ...row, output: row.output ?? null });
  }

  async list(tenant: Tenant, filters: ExecutionFilters): Promise<Page<ExecutionView>> {
    const after = readCursor(filters.cursor, ['text', 'text']);
    const rows = await this.prisma.execution.findMany({
      where: {
        tenant,
        ...(filters.status ? { status: filters.status } : {}),
        ...(filters.workflow ? { workflowName: filters.workflow } : {}),
        ...(filters.correlationId ? { correlationId: filters.correlationId } : {}),
        AND: filters.tags.map(([name, value]) => ({ tags: { some: { tenant, name, valueHash: hashOfTag(value) } } })),
        ...(after ? { OR: [{ startedAt: { lt: after[0] } }, { startedAt: after[0], id: { lt: after[1] } }] } : {}),
      },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      take: filters.limit + 1,
    });
    const items = rows.slice(0, filters.limit);
    const last = items.at(-1);
    return {
      items: items.map((row) => executionView(fromColumns(row))),
      nextCursor: rows.length > filters.limit && last ? writeCursor([last.startedAt, last.id]) : null,
    };
  }

  /** Of one workflow, the latest first. */
  async latest(
    tenant: Tenant,
    { workflow, version, last }: { readonly workflow: string; readonly version?: number; readonly last: number },
  ): Promise<ExecutionId[]> {
    const rows = await this.prisma.execution.findMany({
      where: {
        tenant,
        workflowName: workflow,
        // Copies of others would stand there twice.
        trigger: { notIn: ['replay', 'fork'] },
        ...(version === undefined ? {} : { workflowVersion: version }),
      },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      select: { id: true },
      take: last,
    });
    return rows.map(({ id }) => executionIdSchema.parse(id));
  }

  /** Undefined where there is no such execution. */
  async steps(
    tenant: Tenant,
    executionId: string,
    page: { readonly limit: number; readonly cursor?: string; readonly asOf?: Moment },
  ): Promise<Page<StepView> | undefined> {
    const after = readCursor(page.cursor, ['number'])?.[0];
    // Rows say what is: what was is folded.
    const known = page.asOf
      ? null
      : await this.prisma.execution.findUnique({
          where: { tenant_id: { tenant, id: executionId } },
          select: { id: true },
        });
    let rows: StepRow[];
    if (known) {
      const found = await this.prisma.step.findMany({
        where: { tenant, executionId, ...(after ? { enteredEvent: { gt: Number(after) } } : {}) },
        orderBy: { enteredEvent: 'asc' },
        take: page.limit + 1,
      });
      rows = found.map((row) => fromColumns(row) as unknown as StepRow);
    } else {
      const folded = await this.fold(tenant, executionId, page.asOf);
      if (folded.executions.size === 0) return undefined;
      const inOrder = [...folded.steps.values()].sort((a, b) => a.enteredEvent - b.enteredEvent);
      rows = inOrder.filter((row) => row.enteredEvent > Number(after ?? 0)).slice(0, page.limit + 1);
    }
    const items = rows.slice(0, page.limit);
    const last = items.at(-1);
    return {
      items: items.map((row) => stepView({ ...row, output: row.output ?? null })),
      nextCursor: rows.length > page.limit && last ? writeCursor([String(last.enteredEvent)]) : null,
    };
  }

  private async fold(tenant: Tenant, id: string, asOf?: Moment): Promise<Changes> {
    return (await foldRows(this.log, tenant, id, asOf)).changes;
  }
}

/** The rows of one execution as its projection writes them, folded anew; without a moment: as it is. */
export const foldRows = async (
  log: EventLog,
  tenant: Tenant,
  id: string,
  asOf?: Moment,
): Promise<{ readonly changes: Changes; readonly state: ExecutionState }> => {
  const ref = executionRef(tenant, id);
  const read = await log.read(ref);
  if (read.kind === 'unreadable') throw new Error(`${read.code}: ${read.problem}`);
  const changes = noChanges();
  let state = initialExecution(ref);
  for (const logged of read.commits) {
    if (asOf && !wasThere(asOf, logged)) break;
    state = takeExecution(changes, logged, state);
  }
  return { changes, state };
};

type Columns = Omit<ExecutionRow, 'seq'> & { readonly seq: bigint };

/** Prisma types columns as text and JSON; what is in them was written by the projection from rows of these types. */
export const fromColumns = (row: object): ExecutionRow => {
  const columns = row as Columns;
  return { ...columns, seq: Number(columns.seq) };
};
