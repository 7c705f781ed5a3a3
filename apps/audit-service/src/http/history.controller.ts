import { setImmediate as nextTurn } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { type ExecutionCommit, executionRef, routes, type Tenant } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { type AwsHistoryEvent, awsHistoryInSteps, wasThere } from '@throughline/history';
import {
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  Moments,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
  type ResponseOf,
} from '@throughline/service-host';
import { awsHistoryPage, ownHistoryPage } from '../history/history-page.ts';

/** Histories in memory at once. */
const HISTORIES_MAX = 8;
/** Other requests get their turn at least this often; one commit alone is bounded by its 1,000 events. */
const TURN_MS = 20;

/** Straight from the log, so it is there before any row is. */
@Controller()
export class HistoryController {
  private reading = 0;

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(Moments) private readonly moments: Moments,
  ) {}

  @Handle(routes.getHistory)
  async history(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getHistory>,
    @Query() { format, limit, cursor, as_of }: QueryOf<typeof routes.getHistory>,
  ): Promise<ResponseOf<typeof routes.getHistory>> {
    if (this.reading >= HISTORIES_MAX) {
      return refuse('TL0010', `${HISTORIES_MAX} histories are being read: try again later`);
    }
    this.reading += 1;
    try {
      const commits = await this.commitsOf(tenant, id, as_of);
      const page =
        format === 'aws'
          ? await awsHistoryPage(inTurns(awsHistoryInSteps(commits)), limit, cursor)
          : ownHistoryPage(commits, limit, cursor);
      return page ?? refuse('TL0001', 'cursor is not one that this route gave out; leave it out to begin at the start');
    } finally {
      this.reading -= 1;
    }
  }

  /** Another tenant's execution is an unknown one. */
  private async commitsOf(
    tenant: Tenant,
    id: string,
    asOf: string | undefined,
  ): Promise<readonly LoggedCommit<ExecutionCommit>[]> {
    const moment = asOf === undefined ? undefined : await this.moments.asked(asOf);
    const read = await this.log.read(executionRef(tenant, id));
    if (read.kind === 'unreadable') return refuse(read.code, `log sequence ${read.seq}: ${read.problem}`);
    if (read.commits.length === 0) return refuse('TL0105', `no execution ${id}`);
    const commits = moment ? read.commits.filter((logged) => wasThere(moment, logged)) : read.commits;
    if (commits.length === 0) return refuse('TL0105', `no execution ${id} then`);
    // Only commits of executions stand on an execution's subject: the reader has checked it.
    return commits as readonly LoggedCommit<ExecutionCommit>[];
  }
}

async function* inTurns(
  steps: Iterable<readonly AwsHistoryEvent[]>,
): AsyncGenerator<readonly AwsHistoryEvent[], void, undefined> {
  let turnStartedMs = performance.now();
  for (const events of steps) {
    yield events;
    if (performance.now() - turnStartedMs < TURN_MS) continue;
    await nextTurn();
    turnStartedMs = performance.now();
  }
}
