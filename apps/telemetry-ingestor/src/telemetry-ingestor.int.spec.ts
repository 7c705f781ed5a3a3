import { randomUUID } from 'node:crypto';
import {
  type ErrorBody,
  type LogRecord,
  logRecordSchema,
  type ProgressEvent,
  type ReadModelDigest,
  type RebuildReport,
  STREAMS,
  SUBJECT_FILTERS,
  telemetrySubject,
  tenantSchema,
} from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, LogAuthor, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import pg from 'pg';
import { AppModule } from './app.module.ts';
import { telemetryStrategy } from './consumers/telemetry-strategy.ts';
import type { LogView } from './read-model/log-reads.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['telemetry-ingestor'] });

const DEFINITION = {
  StartAt: 'Pick',
  States: {
    Pick: { Type: 'Task', Resource: 'tl:task:default:pick', Next: 'Ship' },
    Ship: { Type: 'Task', Resource: 'tl:task:default:ship', End: true },
  },
};

type Page<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

const start = (): Promise<ServiceUnderTest> =>
  startServiceUnderTest('telemetry-ingestor', servers, {
    module: AppModule,
    strategies: (app) => [telemetryStrategy(app)],
  });

describe('the telemetry ingestor over a real log and a real database', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let author: LogAuthor;

  const line = (n: number, fields: Partial<LogRecord> = {}): LogRecord =>
    logRecordSchema.parse({
      v: 1,
      tenant: 'default',
      id: `line-${String(n).padStart(4, '0')}`,
      at: `2026-01-01T00:00:0${n % 10}.000Z`,
      level: 'ok',
      domain: 'step',
      service: 'worker',
      message: `line ${n}`,
      executionId: 'done',
      correlationId: 'done',
      attributes: { n },
      ...fields,
    });
  const send = (record: LogRecord, subject = telemetrySubject(record.tenant, 'log')): void =>
    nc.publish(subject, JSON.stringify(record));
  const logs = async (query = '', id = 'done') =>
    (await service.json<Page<LogView>>(`/api/v1/executions/${id}/logs?${query}`)).body;
  const metric = async (name: string): Promise<number> => {
    const text = await (await service.request('/metrics')).text();
    return Number(new RegExp(`^throughline_${name} (.+)$`, 'm').exec(text)?.[1]);
  };

  /** Reads an open stream as text, from its beginning up to where `enough` says so or it ends. */
  const readStream = async (response: Response, enough: (text: string) => boolean = () => false): Promise<string> => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (enough(text)) break;
    }
    return text;
  };
  const eventsIn = (text: string): readonly ProgressEvent[] =>
    [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? '') as ProgressEvent);
  const stream = (id: string, headers: Record<string, string> = {}, init: RequestInit & { tenant?: string } = {}) =>
    service.request(`/api/v1/executions/${id}/stream`, { ...init, headers });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    author = new LogAuthor(new JetStreamEventLog(nc));
    await author.register('order', DEFINITION);
    await author.start('order', 'done');
    await author.complete('done', { picked: true });
    await author.complete('done', { shipped: true });
    service = await start();
  }, 120_000);
  afterAll(async () => {
    await service?.close();
    await nc?.close();
  });

  it('streams the whole history of an ended execution and then ends', async () => {
    const response = await stream('done');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await readStream(response);
    const events = eventsIn(text);
    expect([...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id)).toEqual(events.map((event) => event.event_id));
    expect(events[0]).toMatchObject({
      event_type: 'ExecutionStarted',
      event_id: '1.0',
      schema_version: 1,
      execution_id: 'done',
    });
    expect(events.at(-1)).toMatchObject({ event_type: 'ExecutionSucceeded', status: 'succeeded', progress: 100 });
  });

  it('resumes right after any given id, by header or by query', async () => {
    const all = eventsIn(await readStream(await stream('done')));
    for (const [i, event] of all.slice(0, -1).entries()) {
      const rest = eventsIn(await readStream(await stream('done', { 'last-event-id': event.event_id })));
      expect(rest).toEqual(all.slice(i + 1));
    }
    const byQuery = await service.request(`/api/v1/executions/done/stream?lastEventId=${all[2]?.event_id}`);
    expect(eventsIn(await readStream(byQuery))).toEqual(all.slice(3));
  });

  it('answers 204 after the last event, so that an EventSource stays away, and refuses a position it does not have', async () => {
    const last = eventsIn(await readStream(await stream('done'))).at(-1)?.event_id ?? '';
    expect((await stream('done', { 'last-event-id': last })).status).toBe(204);
    for (const position of ['99.0', 'nonsense']) {
      const response = await stream('done', { 'last-event-id': position });
      expect({ status: response.status, code: ((await response.json()) as ErrorBody).code }).toEqual({
        status: 400,
        code: 'TL0401',
      });
    }
  });

  it('shows events as they are committed, beats while nothing happens, and lets go of a client that leaves', async () => {
    await author.start('order', 'live');
    const open = await stream('live');
    const reading = readStream(open, (text) => text.includes('StepSucceeded') && text.includes(': heartbeat'));
    await eventually('the stream counts as open', async () => (await metric('event_streams_open')) === 1);
    await author.complete('live', { picked: true });
    const events = eventsIn(await reading);
    expect(events.find((event) => event.event_type === 'StepSucceeded')).toMatchObject({
      status: 'running',
      data: { state: 'Pick' },
    });
    expect(events.at(-1)).toMatchObject({ current_step: 'Ship', progress: 50 });
    await eventually('the stream is let go', async () => (await metric('event_streams_open')) === 0);
  }, 20_000);

  it('lists the same events in pages', async () => {
    const all = eventsIn(await readStream(await stream('done')));
    const first = await service.json<Page<ProgressEvent>>('/api/v1/executions/done/events?limit=4');
    expect(first.body).toEqual({ items: all.slice(0, 4), nextCursor: all[3]?.event_id });
    const rest = await service.json<Page<ProgressEvent>>(
      `/api/v1/executions/done/events?cursor=${first.body.nextCursor}`,
    );
    expect(rest.body).toEqual({ items: all.slice(4), nextCursor: null });
  });

  it('stores log lines once each and lists them oldest first, filtered and in pages', async () => {
    for (let n = 0; n < 10; n += 1) send(line(n, n % 5 === 0 ? { level: 'error', domain: 'delivery' } : {}));
    send(line(3));
    await eventually('ten lines are stored', async () => (await logs()).items.length === 10);
    expect((await logs()).items[0]).toMatchObject({
      id: 'line-0000',
      message: 'line 0',
      step: null,
      attributes: { n: 0 },
    });
    expect((await logs('level=error')).items.map(({ id }) => id)).toEqual(['line-0000', 'line-0005']);
    expect((await logs('domain=step&limit=500')).items).toHaveLength(8);
    const first = await logs('limit=7');
    const second = await logs(`limit=7&cursor=${encodeURIComponent(first.nextCursor ?? '')}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual((await logs()).items.map(({ id }) => id));
    expect(second.nextCursor).toBeNull();
    expect(await metric('log_lines_dropped_total')).toBe(0);
  });

  it('answers a cursor that it never gave out as the mistake it is', async () => {
    for (const cursor of ['x', '2026-01-01T00:00:00.000Z~', '2026-01-01T00:00:00.000Z~a%00b']) {
      const answer = await service.json(`/api/v1/executions/done/logs?cursor=${cursor}`);
      expect([cursor, answer.status, answer.body]).toMatchObject([cursor, 400, { code: 'TL0001' }]);
    }
  });

  it('puts away what is no log line, or names another tenant than its subject, and goes on', async () => {
    const before = await metric('log_lines_total');
    nc.publish(telemetrySubject(tenantSchema.parse('default'), 'log'), '{"v":1,"what":"ever"}');
    send(line(20, { tenant: tenantSchema.parse('globex') }), telemetrySubject(tenantSchema.parse('default'), 'log'));
    send(line(21));
    await eventually('the good line is in', async () => (await metric('log_lines_total')) === before + 1);
    const dead = await nc.request(
      `$JS.API.STREAM.INFO.${STREAMS.dead}`,
      JSON.stringify({ subjects_filter: SUBJECT_FILTERS.dead }),
    );
    expect(dead.json<{ state: { messages: number } }>().state.messages).toBe(2);
  });

  it('answers an empty page for an execution without lines, also right after its start', async () => {
    await author.start('order', 'silent');
    expect(await logs('', 'silent')).toEqual({ items: [], nextCursor: null });
    const events = await service.json<Page<ProgressEvent>>('/api/v1/executions/silent/events?limit=1');
    expect(events.body.items).toMatchObject([{ event_type: 'ExecutionStarted' }]);
  });

  it("answers an unknown execution and another tenant's alike", async () => {
    for (const route of ['logs', 'events', 'stream']) {
      const unknown = await service.json<ErrorBody>(`/api/v1/executions/${randomUUID()}/${route}`);
      const foreign = await service.json<ErrorBody>(`/api/v1/executions/done/${route}`, { tenant: 'globex' });
      for (const { status, body } of [unknown, foreign])
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'TL0105' });
    }
  });

  it('has no table to rebuild, and says so', async () => {
    const path = '/api/v1/read-models/telemetry-ingestor';
    const { body } = await service.json<RebuildReport>(`${path}/rebuild`, { method: 'POST', body: '{}' });
    expect(body.tables).toEqual({});
    expect((await service.json<ReadModelDigest>(`${path}/digest`)).body).toEqual(body.after);
  });

  it('stores what it has taken in before it stops, and ends its open streams', async () => {
    const taken = await metric('log_lines_total');
    await author.start('order', 'open');
    const open = readStream(await stream('open'));
    for (let n = 0; n < 2_000; n += 1)
      send(line(n, { executionId: 'burst' as LogRecord['executionId'], id: `burst-${n}` }));
    await nc.flush();
    await eventually('the burst is taken in', async () => (await metric('log_lines_total')) >= taken + 2_000, {
      everyMs: 5,
    });
    await service.close();
    expect(eventsIn(await open).at(0)).toMatchObject({ event_type: 'ExecutionStarted' });
    const client = new pg.Client({ connectionString: servers.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM telemetry_ingestor.logs WHERE execution_id = 'burst'`,
    );
    await client.end();
    expect(rows[0]?.n).toBe(2_000);
    service = await start();
  }, 30_000);
});
