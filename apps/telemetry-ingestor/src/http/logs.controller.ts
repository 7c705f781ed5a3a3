import { Controller, Inject } from '@nestjs/common';
import { routes } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import {
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { type LogPosition, LogReads, type LogView } from '../read-model/log-reads.ts';
import { executionCommits } from './execution-commits.ts';

/** `<at>~<id>` of the last line of the page before. */
const CURSOR = /^(\d{4}-\d{2}-\d{2}T[0-9:.]{12}Z)~(.{1,64})$/;

const positionOf = (cursor: string | undefined): LogPosition | undefined => {
  if (cursor === undefined) return undefined;
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  // U+0000 is in no stored id, and Postgres refuses to be asked for it.
  if (at !== undefined && id !== undefined && !id.includes('\0')) return { at, id };
  return refuse('TL0001', 'cursor is not one that this route gave out; leave it out to begin at the first page');
};

@Controller()
export class LogsController {
  constructor(
    @Inject(LogReads) private readonly logs: LogReads,
    @Inject(EVENT_LOG) private readonly log: EventLog,
  ) {}

  @Handle(routes.listLogs)
  async list(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.listLogs>,
    @Query() { cursor, ...filters }: QueryOf<typeof routes.listLogs>,
  ): Promise<{ items: LogView[]; nextCursor: string | null }> {
    const { items, next } = await this.logs.ofExecution(tenant, id, { ...filters, after: positionOf(cursor) });
    // An execution without lines yet has an empty page; one that is not there, none.
    if (items.length === 0) await executionCommits(this.log, tenant, id, 1);
    return { items, nextCursor: next ? `${next.at}~${next.id}` : null };
  }
}
