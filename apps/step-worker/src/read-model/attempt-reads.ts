import type { AttemptView, Tenant } from '@throughline/contracts';
import { attemptViewSchema, executionRef } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { initialExecution } from '@throughline/execution';
import { refuse } from '@throughline/service-host';
import {
  type AttemptChange,
  attemptChanges,
  type AttemptEnd,
  type PureAnswer,
  type ScheduledAttempt,
} from './attempt-changes.ts';
import type { PrismaClient } from './generated/client.ts';

export interface AttemptPage {
  readonly items: AttemptView[];
  readonly nextCursor: string | null;
}
export interface PageOptions {
  readonly limit: number;
  /** Token of the last attempt seen. */
  readonly cursor?: string;
}

type AttemptColumns = ScheduledAttempt & Omit<AttemptEnd, 'status' | 'effectClass'> & { readonly status: string };

const NOT_ENDED = {
  status: 'scheduled',
  response: null,
  responseHash: null,
  error: null,
  cause: null,
  worker: null,
  startedAt: null,
  finishedAt: null,
};

/** As the projection's statements change it. */
const changed = (held: AttemptColumns | undefined, change: AttemptChange): AttemptColumns | undefined => {
  switch (change.kind) {
    case 'scheduled':
      return { ...change.row, ...NOT_ENDED };
    case 'submitted':
      return held && { ...held, ...change.row };
    case 'ended': {
      const { effectClass, requestHash, worker, startedAt, ...end } = change.row;
      return (
        held && {
          ...held,
          ...end,
          ...(effectClass === null ? {} : { effectClass, requestHash }),
          worker: worker ?? held.worker,
          startedAt: startedAt ?? held.startedAt,
        }
      );
    }
  }
};

const positionOf = (cursor: string): readonly [version: number, eventIndex: number] => {
  const match = /^([1-9]\d{0,8})\.(\d{1,4})$/.exec(cursor);
  if (!match) return refuse('TL0001', 'cursor is not the token of an attempt; leave it out to begin at the first page');
  return [Number(match[1]), Number(match[2])];
};

const viewOf = (row: AttemptColumns, diverged: boolean): AttemptView => {
  const {
    tenant: _t,
    executionId: _e,
    version: _v,
    eventIndex: _i,
    requestHash: _h,
    request,
    response,
    ...shown
  } = row;
  return attemptViewSchema.parse({
    ...shown,
    deterministic: !diverged,
    request: JSON.parse(request),
    ...(response === null ? {} : { response: JSON.parse(response) }),
  });
};

/** Attempts of an execution: rows where the projection has them, a fold of the log while it has not caught up. */
export class AttemptReads {
  private readonly prisma: PrismaClient;
  private readonly log: EventLog;

  constructor(prisma: PrismaClient, log: EventLog) {
    this.prisma = prisma;
    this.log = log;
  }

  /** Undefined where there is no such execution. */
  async list(tenant: Tenant, executionId: string, page: PageOptions): Promise<AttemptPage | undefined> {
    const after = page.cursor === undefined ? undefined : positionOf(page.cursor);
    const rows = await this.rows(tenant, executionId, page.limit + 1, after);
    if (rows.length > 0) return this.pageOf(rows, page.limit);
    const folded = await this.foldedRows(tenant, executionId);
    if (!folded) return undefined;
    return this.pageOf(
      folded.filter(
        (row) => !after || row.version > after[0] || (row.version === after[0] && row.eventIndex > after[1]),
      ),
      page.limit,
    );
  }

  private async rows(
    tenant: Tenant,
    executionId: string,
    take: number,
    after: readonly [number, number] | undefined,
  ): Promise<AttemptColumns[]> {
    const beyond = after && {
      OR: [{ version: { gt: after[0] } }, { version: after[0], eventIndex: { gt: after[1] } }],
    };
    const rows = await this.prisma.stepAttempt.findMany({
      where: { tenant, executionId, ...beyond },
      orderBy: [{ version: 'asc' }, { eventIndex: 'asc' }],
      take,
    });
    // The cast names the effect class, which was one when the projection wrote it; `viewOf` parses it again.
    return rows as AttemptColumns[];
  }

  private async pageOf(rows: readonly AttemptColumns[], limit: number): Promise<AttemptPage> {
    const shown = rows.slice(0, limit);
    const diverged = await this.divergedOf(shown);
    const items = shown.map((row) => viewOf(row, diverged.has(keyOf(row))));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.token ?? null) : null };
  }

  private async divergedOf(rows: readonly AttemptColumns[]): Promise<ReadonlySet<string>> {
    const asked = new Map(rows.filter((row) => row.requestHash !== null).map((row) => [keyOf(row), row]));
    if (asked.size === 0) return new Set();
    const found = await this.prisma.pureAnswer.findMany({
      where: {
        diverged: true,
        OR: [...asked.values()].map(({ tenant, queue, handler, requestHash }) => ({
          tenant,
          queue,
          handler,
          requestHash: requestHash ?? '',
        })),
      },
    });
    return new Set(found.map(keyOf));
  }

  private async foldedRows(tenant: Tenant, executionId: string): Promise<AttemptColumns[] | undefined> {
    const ref = executionRef(tenant, executionId);
    const read = await this.log.read(ref);
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    if (read.commits.length === 0) return undefined;
    const rows = new Map<string, AttemptColumns>();
    let state = initialExecution(ref);
    for (const logged of read.commits) {
      const { changes, after } = attemptChanges(state, logged);
      state = after;
      for (const change of changes) {
        const row = changed(rows.get(change.row.token), change);
        if (row) rows.set(row.token, row);
      }
    }
    return [...rows.values()];
  }
}

const keyOf = (
  row: Pick<PureAnswer, 'tenant' | 'queue' | 'handler'> & { readonly requestHash: string | null },
): string => [row.tenant, row.queue, row.handler, row.requestHash].join(' ');
