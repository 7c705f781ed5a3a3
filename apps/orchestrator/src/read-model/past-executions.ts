import type { ExecutionView, Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { commitAtSeq, type NatsConnection } from '@throughline/event-log/jetstream';
import { type ExecutionState, tagsOf } from '@throughline/execution';
import { decidedAt, type Moment } from '@throughline/history';
import { readCursor, writeCursor } from '@throughline/service-host';
import { hashOfTag } from './control-rows.ts';
import { type ExecutionFilters, foldRows, fromColumns, type Page } from './execution-reads.ts';
import type { PrismaClient } from './generated/client.ts';
import type { ExecutionRow } from './upserts.ts';
import { executionView } from './views.ts';

/** Executions that have changed since the moment are folded from the log: this many, or this many commits of theirs, per page. */
const FOLDS_MAX = 100;
const FOLDED_COMMITS_MAX = 20_000;
/** A reading of one is mostly waiting. */
const FOLDS_AT_ONCE = 8;
/** A start may be recorded a little later than a commit that was stored after it: the clocks of several machines. */
const CLOCKS_APART_MS = 60_000;

/**
 * The list of executions as it was. What has not changed since is its row; what has is folded as far as the moment. Rows
 * of everything up to it have to be there.
 */
export class PastExecutions {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly log: EventLog,
    private readonly nc: NatsConnection,
  ) {}

  /** A page may be short and still have a next one: then looking on was too much for one request. */
  async list(tenant: Tenant, moment: Moment, filters: ExecutionFilters): Promise<Page<ExecutionView>> {
    const after = readCursor(filters.cursor, ['text', 'text']);
    const { limit, workflow, correlationId } = filters;
    const then = moment.kind === 'instant' ? { updatedAt: { lte: moment.at } } : { seq: { lte: BigInt(moment.seq) } };
    const take = limit + FOLDS_MAX;
    const rows = await this.prisma.execution.findMany({
      where: {
        tenant,
        startedAt: { lte: await this.latestStart(moment) },
        // Neither of them changes.
        ...(workflow ? { workflowName: workflow } : {}),
        ...(correlationId ? { correlationId } : {}),
        AND: [
          { OR: [{ AND: [then, asNow(tenant, filters)] }, { NOT: then }] },
          ...(after ? [{ OR: [{ startedAt: { lt: after[0] } }, { startedAt: after[0], id: { lt: after[1] } }] }] : []),
        ],
      },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      take,
    });
    const { items, seen } = await this.asTheyWere(rows.map(fromColumns), moment, filters);
    const last = rows[seen - 1];
    const isMore = last !== undefined && (seen < rows.length || rows.length === take);
    return { items, nextCursor: isMore ? writeCursor([last.startedAt, last.id]) : null };
  }

  /** `seen`: how many rows were looked at before the page was full or the work enough. */
  private async asTheyWere(rows: readonly ExecutionRow[], moment: Moment, filters: ExecutionFilters) {
    const items: ExecutionView[] = [];
    const folded = new Map<string, ExecutionView | undefined>();
    let [commits, seen] = [0, 0];
    for (const row of rows) {
      if (items.length === filters.limit || commits >= FOLDED_COMMITS_MAX) break;
      const isAsItWas = isUnchanged(row, moment);
      if (!isAsItWas && !folded.has(row.id)) {
        if (folded.size >= FOLDS_MAX) break;
        const changed = rows.slice(seen).filter((other) => !isUnchanged(other, moment));
        const next = changed.slice(0, Math.min(FOLDS_AT_ONCE, FOLDS_MAX - folded.size));
        const views = await Promise.all(next.map((other) => this.foldOne(other, moment, filters)));
        next.forEach(({ id }, i) => folded.set(id, views[i]));
      }
      seen += 1;
      if (!isAsItWas) commits += row.version;
      const view = isAsItWas ? executionView({ ...row, output: row.output ?? null }) : folded.get(row.id);
      if (view) items.push(view);
    }
    return { items, seen };
  }

  /** As it was; undefined where it was not there, or was not what is looked for. */
  private async foldOne({ tenant, id }: ExecutionRow, moment: Moment, filters: ExecutionFilters) {
    // The tenant is the one of the query.
    const { changes, state } = await foldRows(this.log, tenant as Tenant, id, moment);
    const [was] = changes.executions.values();
    return was && fits(state, filters) ? executionView({ ...was, output: was.output ?? null }) : undefined;
  }

  /** No execution that was there then has started later. */
  private async latestStart(moment: Moment): Promise<string> {
    if (moment.kind === 'instant') return moment.at;
    const at = moment.seq === 0 ? undefined : await commitAtSeq(this.nc, moment.seq);
    if (!at) return moment.seq === 0 ? '' : new Date().toISOString();
    const latestMs = Math.max(Date.parse(at.storedAt), Date.parse(decidedAt(at.commit)));
    return new Date(latestMs + CLOCKS_APART_MS).toISOString();
  }
}

const isUnchanged = (row: ExecutionRow, moment: Moment): boolean =>
  moment.kind === 'instant' ? row.updatedAt <= moment.at : row.seq <= moment.seq;

/** The filters that what happens to an execution can change, on rows. */
const asNow = (tenant: Tenant, { status, tags }: ExecutionFilters) => ({
  ...(status ? { status } : {}),
  AND: tags.map(([name, value]) => ({ tags: { some: { tenant, name, valueHash: hashOfTag(value) } } })),
});

/** The same on a state. */
const fits = (state: ExecutionState, { status, tags }: ExecutionFilters): boolean => {
  if (status !== undefined && state.status !== status) return false;
  const has = tags.length === 0 ? [] : tagsOf(state);
  return tags.every(([name, value]) => has.some(([other, held]) => other === name && held === value));
};
