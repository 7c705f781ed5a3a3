import type { IncomingHttpHeaders } from 'node:http';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import { executionRef, isTerminal, type ProgressEvent, routes, type Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { followAggregate, type NatsConnection } from '@throughline/event-log/jetstream';
import { initialExecution } from '@throughline/execution';
import {
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  NATS_CONNECTION,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { TELEMETRY_CONFIG, type TelemetryConfig } from '../config.ts';
import { type EventPosition, isAfter, parsePosition, START_OF_HISTORY } from '../progress/event-position.ts';
import { progressOfExecution } from '../progress/progress-of-execution.ts';
import { openEventStream, type StreamReply, writeEvents } from './event-stream.ts';
import { executionCommits } from './execution-commits.ts';
import { OpenStreams } from './open-streams.ts';

interface StreamRequest {
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
}

/** The header is what a browser sends when it comes back; the query is for its first connection, where it cannot set one. */
const resumeFrom = ({ headers, query }: StreamRequest): EventPosition | undefined => {
  const inQuery = typeof query === 'object' && query !== null && 'lastEventId' in query ? query.lastEventId : undefined;
  const given = headers['last-event-id'] ?? inQuery;
  return given === undefined || given === '' ? undefined : positionIn(String(given), 'Last-Event-ID');
};

const positionIn = (text: string, what: string): EventPosition =>
  parsePosition(text) ?? refuse('TL0401', `${what} must be an event's id, <version>.<index>`);

@Controller()
export class ProgressController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(NATS_CONNECTION) private readonly nc: NatsConnection,
    @Inject(OpenStreams) private readonly streams: OpenStreams,
    @Inject(TELEMETRY_CONFIG) private readonly config: TelemetryConfig,
  ) {}

  @Handle(routes.streamExecution)
  stream(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.streamExecution>,
    @Req() request: StreamRequest,
    @Res() reply: StreamReply,
  ): Promise<void> {
    return this.streams.run(async (abort) => {
      reply.raw.once('close', () => abort.abort());
      const after = resumeFrom(request);
      if (after && (await this.isOver(tenant, id, after))) {
        // Tells an EventSource not to come back: it has seen the last event.
        reply.hijack();
        reply.raw.writeHead(204, reply.getHeaders()).end();
        return 'ended';
      }
      if (!after) await executionCommits(this.log, tenant, id, 1);
      const ref = executionRef(tenant, id);
      const commits = followAggregate(this.nc, ref, { signal: abort.signal });
      return writeEvents(openEventStream(reply), progressOfExecution(initialExecution(ref), commits, after), {
        signal: abort.signal,
        patienceMs: this.config.readerPatienceMs,
      });
    });
  }

  @Handle(routes.listEvents)
  async list(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.listEvents>,
    @Query() { limit, cursor }: QueryOf<typeof routes.listEvents>,
  ): Promise<{ items: ProgressEvent[]; nextCursor: string | null }> {
    const after = cursor === undefined ? START_OF_HISTORY : positionIn(cursor, 'cursor');
    const events = await this.eventsAfter(tenant, id, after, limit + 1);
    const items = events.slice(0, limit);
    return { items, nextCursor: events.length > limit ? (items.at(-1)?.event_id ?? null) : null };
  }

  private async eventsAfter(tenant: Tenant, id: string, after: EventPosition, limit: number): Promise<ProgressEvent[]> {
    const commits = await executionCommits(this.log, tenant, id);
    const found: ProgressEvent[] = [];
    for await (const events of progressOfExecution(initialExecution(executionRef(tenant, id)), commits, after)) {
      found.push(...events);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Read through, and never all of them in memory. */
  private async lastEvent(tenant: Tenant, id: string): Promise<ProgressEvent | undefined> {
    const commits = await executionCommits(this.log, tenant, id);
    let last: ProgressEvent | undefined;
    for await (const events of progressOfExecution(initialExecution(executionRef(tenant, id)), commits)) {
      last = events.at(-1) ?? last;
    }
    return last;
  }

  /** Whether nothing can come after this event. A position that the history does not have yet is the caller's mistake. */
  private async isOver(tenant: Tenant, id: string, seen: EventPosition): Promise<boolean> {
    const last = await this.lastEvent(tenant, id);
    const lastPosition = last && parsePosition(last.event_id);
    if (!lastPosition || isAfter(seen, lastPosition)) {
      return refuse(
        'TL0401',
        `event ${seen.version}.${seen.index} is not in the history; the last one is ${last?.event_id}`,
      );
    }
    return isTerminal(last.status) && !isAfter(lastPosition, seen);
  }
}
