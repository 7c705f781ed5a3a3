import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type ErrorBody,
  PERMISSIONS,
  type Permission,
  type RebuildReport,
  type DeadLetter,
  routes,
  STREAMS,
  SUBJECT_FILTERS,
  telemetrySubject,
  tenantSchema,
} from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { Projection, ReadModel } from '@throughline/projections';
import { eventually, useServers } from '@throughline/testkit';
import type { Pool } from 'pg';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  createService,
  Handle,
  type HostConfig,
  JetStreamStrategy,
  NATS_CONNECTION,
  Params,
  type ParamsOf,
  PG_POOL,
  PoisonMessage,
  Query,
  type QueryOf,
  ReadModelModule,
  refuse,
} from './index.ts';

const servers = useServers();
const acme = keyFor('acme', PERMISSIONS);
const globex = keyFor('globex', PERMISSIONS);
const reader = keyFor('reader', ['executions:read']);

function keyFor(tenant: string, permissions: readonly Permission[]) {
  const text = `tlk_${tenant}_${'s'.repeat(40)}`;
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { text, entry: { id: tenant, tenant, sha256, permissions, label: tenant } };
}

@Controller()
class OrdersController {
  @Handle(routes.getExecution)
  get(
    @Params() params: ParamsOf<typeof routes.getExecution>,
    @Query() query: QueryOf<typeof routes.getExecution>,
    @CallerOf() caller: Caller,
  ): object {
    if (params.id === 'boom') throw new Error('a secret of the house');
    if (params.id === 'starting-up') {
      const cause = { kind: 'postgres', originalCode: '57P03' };
      throw Object.assign(new Error('P2039'), { code: 'P2039', meta: { driverAdapterError: { cause } } });
    }
    if (params.id === 'no-leader') throw Object.assign(new Error('no leader'), { code: 10008, status: 503 });
    if (params.id === 'outage') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    // Another tenant's execution answers as if it did not exist.
    if (params.id === 'of-acme' && caller.tenant !== 'acme') refuse('TL0105', `there is no execution ${params.id}`);
    return { id: params.id, waitMs: query.waitMs ?? null, tenant: caller.tenant };
  }

  @Handle(routes.startExecution)
  start(@Body() body: BodyOf<typeof routes.startExecution>): object {
    return { started: body.input ?? body.trigger_data ?? null };
  }

  @Handle(routes.registerWorkflow)
  register(@Body() body: BodyOf<typeof routes.registerWorkflow>): object {
    return { name: body.name };
  }
}

const seen: unknown[] = [];
let failures = 0;
let release: (() => void) | undefined;

@Controller()
class TelemetryConsumer {
  @EventPattern<string>(SUBJECT_FILTERS.telemetry)
  async take(@Payload() payload: { kind: string }): Promise<void> {
    if (payload.kind === 'poison') throw new PoisonMessage('this one is poison');
    if (payload.kind === 'failing') {
      failures += 1;
      throw new Error('the handler broke');
    }
    if (payload.kind === 'slow') await new Promise<void>((resolve) => (release = resolve));
    seen.push(payload);
  }
}

const readModel: ReadModel = {
  service: 'orchestrator',
  schema: 'orchestrator',
  createProjection: (): Projection => ({
    schema: 'orchestrator',
    prepare: () => Promise.resolve(() => Promise.resolve()),
  }),
};

const MIGRATION = `CREATE TABLE "things" ("id" TEXT PRIMARY KEY);
  CREATE TABLE "projection_checkpoint" ("name" TEXT PRIMARY KEY, "stream" TEXT, "created" TEXT, "seq" BIGINT);`;

class Connections {
  readonly nc: NatsConnection;
  readonly pool: Pool;
  constructor(@Inject(NATS_CONNECTION) nc: NatsConnection, @Inject(PG_POOL) pool: Pool) {
    this.nc = nc;
    this.pool = pool;
  }
}

let app: NestFastifyApplication;
let config: HostConfig;
let url: string;

const boot = async (): Promise<NestFastifyApplication> => {
  const migrationsDir = join(servers.dir, 'migrations');
  @Module({
    imports: [ReadModelModule.for({ ...readModel, migrationsDir })],
    controllers: [OrdersController, TelemetryConsumer],
    providers: [Connections],
  })
  class OrdersModule {}
  const started = await createService({
    config,
    module: OrdersModule,
    strategies: (made) => [
      new JetStreamStrategy(made.get(Connections, { strict: false }).nc, {
        stream: STREAMS.telemetry,
        durable: 'spec',
        filterSubject: SUBJECT_FILTERS.telemetry,
        maxInFlight: 8,
        ackWaitMs: 5_000,
        maxDeliver: 3,
      }),
    ],
  });
  await started.startAllMicroservices();
  await started.listen(0, '127.0.0.1');
  return started;
};

// In a block of its own, so that the service ends before the servers do.
describe('a service on the host', () => {
  beforeAll(async () => {
    const apiKeysFile = join(servers.dir, 'keys.json');
    writeFileSync(apiKeysFile, JSON.stringify({ keys: [acme.entry, globex.entry, reader.entry] }));
    mkdirSync(join(servers.dir, 'migrations', '1_first'), { recursive: true });
    writeFileSync(join(servers.dir, 'migrations', '1_first', 'migration.sql'), MIGRATION);
    config = {
      service: 'orchestrator',
      host: '127.0.0.1',
      port: 0,
      natsUrl: servers.natsUrl,
      natsMonitorUrl: servers.monitorUrl,
      replicas: 1,
      instance: 'spec',
      noticeMs: 0,
      databaseUrl: servers.databaseUrl,
      apiKeysFile,
      logLevel: 'silent',
    };
    app = await boot();
    url = await app.getUrl();
  }, 120_000);
  afterAll(() => app.close());

  const ask = (path: string, init: RequestInit & { key?: string } = {}): Promise<Response> => {
    const { key = acme.text, headers, ...rest } = init;
    const auth: Record<string, string> = key === '' ? {} : { authorization: `Bearer ${key}` };
    return fetch(`${url}${path}`, { ...rest, headers: { ...auth, ...headers } });
  };
  const post = (path: string, body: string, key = acme.text): Promise<Response> =>
    ask(path, { method: 'POST', body, key, headers: { 'content-type': 'application/json' } });

  const errorOf = async (response: Response): Promise<ErrorBody & { status: number }> => ({
    ...((await response.json()) as ErrorBody),
    status: response.status,
  });

  describe('requests', () => {
    test('a known key reaches its own tenant, by either header', async () => {
      const answer = await ask('/api/v1/executions/e1?waitMs=5');
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ id: 'e1', waitMs: 5, tenant: 'acme' });
      const other = await ask('/api/v1/executions/e1', { key: '', headers: { 'x-api-key': globex.text } });
      expect(await other.json()).toMatchObject({ tenant: 'globex' });
    });

    test('no key, a wrong one and an altered one are TL0002', async () => {
      for (const key of [
        '',
        'nonsense',
        `${acme.text}x`,
        acme.text.replace('sss', 'sst'),
        `tlk_nobody_${'s'.repeat(40)}`,
      ]) {
        expect(await errorOf(await ask('/api/v1/executions/e1', { key }))).toMatchObject({
          status: 401,
          code: 'TL0002',
        });
      }
    });

    test('a key without the permission is TL0003', async () => {
      const answer = await post('/api/v1/workflows/w/executions', '{}', reader.text);
      expect(await errorOf(answer)).toMatchObject({
        status: 403,
        code: 'TL0003',
        details: { permission: 'executions:start' },
      });
    });

    test("another tenant's key sees nothing", async () => {
      expect((await ask('/api/v1/executions/of-acme')).status).toBe(200);
      const answer = await ask('/api/v1/executions/of-acme', { key: globex.text });
      expect(await errorOf(answer)).toMatchObject({ status: 404, code: 'TL0105' });
    });

    test('a body that does not fit is TL0001 with the issues, broken JSON too', async () => {
      const wrong = await errorOf(await post('/api/v1/workflows/w/executions', '{"labels":7}'));
      expect(wrong).toMatchObject({ status: 400, code: 'TL0001', details: [{ path: ['labels'] }] });
      for (const body of ['{"input":', '', '{"__proto__":{"a":1}}']) {
        const answer = await post('/api/v1/workflows/w/executions', body);
        expect(await errorOf(answer)).toMatchObject({ status: 400, code: 'TL0001' });
      }
      expect(await errorOf(await ask('/api/v1/executions/e1?waitMs=soon'))).toMatchObject({ code: 'TL0001' });
      expect(await errorOf(await ask('/api/v1/executions/e1?unknown=1'))).toMatchObject({ code: 'TL0001' });
      const text = await ask('/api/v1/workflows', {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'text/plain' },
      });
      expect(await errorOf(text)).toMatchObject({ status: 400, code: 'TL0001' });
    });

    test('a body may be YAML, and broken YAML is TL0001 with its place', async () => {
      const yaml = (body: string) =>
        ask('/api/v1/workflows', {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/yaml; charset=utf-8' },
        });
      const answer = await yaml('name: orders # first\ndefinition:\n  StartAt: A\n');
      expect([answer.status, await answer.json()]).toEqual([201, { name: 'orders' }]);
      expect(await errorOf(await yaml('name: a: b'))).toMatchObject({
        status: 400,
        code: 'TL0001',
        message: expect.stringContaining('line 1') as string,
      });
      expect(await errorOf(await yaml('name: a\ndefinition: { __proto__: { a: 1 } }'))).toMatchObject({
        code: 'TL0001',
      });
      expect(await errorOf(await yaml('name: 7'))).toMatchObject({ code: 'TL0001', details: [{ path: ['name'] }, {}] });
    });

    test('an id that is no subject token is TL0006', async () => {
      for (const id of ['a.b', 'a%20b', '*', '%3E', 'x'.repeat(65), 'x'.repeat(200), '%zz', '%ff']) {
        const answer = await ask(`/api/v1/executions/${id}`);
        expect(await errorOf(answer)).toMatchObject({ status: 400, code: 'TL0006' });
      }
    });

    test('headers that are too large are TL0005', async () => {
      const answer = await ask('/api/v1/executions/x', { headers: { 'x-large': 'x'.repeat(20_000) } });
      expect(await errorOf(answer)).toMatchObject({ status: 413, code: 'TL0005' });
    });

    test('a definition of 1 MB passes, a body beyond the limit is TL0005', async () => {
      const body = (bytes: number): string => JSON.stringify({ name: 'w', definition: { Comment: 'x'.repeat(bytes) } });
      expect((await post('/api/v1/workflows', body(1024 * 1024))).status).toBe(201);
      const answer = await post('/api/v1/workflows', body(1024 * 1600));
      expect(await errorOf(answer)).toMatchObject({ status: 413, code: 'TL0005' });
    });

    test('an unknown path is TL0004', async () => {
      expect(await errorOf(await ask('/api/v1/nothing'))).toMatchObject({ status: 404, code: 'TL0004' });
      expect(await errorOf(await ask('/api/v1/executions/e1', { method: 'DELETE' }))).toMatchObject({ code: 'TL0004' });
    });

    test('what nobody expected is TL0007 and tells nothing, an outage is TL0008', async () => {
      const answer = await ask('/api/v1/executions/boom', { headers: { 'x-request-id': 'my-request' } });
      expect(answer.headers.get('x-request-id')).toBe('my-request');
      const body = await answer.text();
      expect(body).not.toMatch(/secret|\bat .*\.ts|stack/);
      expect(JSON.parse(body)).toEqual({
        code: 'TL0007',
        title: 'Internal error',
        message: expect.any(String) as string,
        help: 'docs/errors/TL0007.md',
        requestId: 'my-request',
      });
      for (const id of ['outage', 'starting-up', 'no-leader']) {
        const outage = await ask(`/api/v1/executions/${id}`);
        expect(outage.headers.get('retry-after')).toBe('1');
        expect(await errorOf(outage)).toMatchObject({ status: 503, code: 'TL0008' });
      }
    });

    test('a request id that could break a log line is replaced', async () => {
      const answer = await ask('/api/v1/executions/e1', { headers: { 'x-request-id': 'a b"c' } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    });
  });

  describe('operations', () => {
    test('live, ready, metrics and docs need no key', async () => {
      expect(await (await ask('/health/live', { key: '' })).json()).toEqual({ status: 'ok', service: 'orchestrator' });
      const metrics = await (await ask('/metrics', { key: '' })).text();
      expect(metrics).toContain('throughline_projection_lag 0');
      expect(metrics).toMatch(/throughline_http_responses_total\{class="2xx"\} [1-9]/);
      for (const path of ['/docs', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) {
        expect((await ask(path, { key: '' })).status).toBe(200);
      }
      const document = (await (await ask('/docs-json', { key: '' })).json()) as { paths: Record<string, unknown> };
      expect(Object.keys(document.paths)).toContain('/api/v1/workflows/{name}/executions');
    });

    test('a service whose tables are missing is live and not ready, and says why', async () => {
      const notReady = await eventually('the projection fails', async () => {
        const answer = await ask('/health/ready', { key: '' });
        return answer.status === 503 && ((await answer.json()) as { checks: { projection: unknown } });
      });
      expect(notReady.checks.projection).toMatchObject({
        ok: false,
        detail: { kind: 'backing-off', problem: expect.stringContaining('does not exist') as string },
      });
      expect((await ask('/health/live', { key: '' })).status).toBe(200);
    }, 30_000);

    test('a rebuild makes the tables, and the service becomes ready by itself', async () => {
      const rebuild = await post('/api/v1/read-models/orchestrator/rebuild', '{"batchSize":10}');
      expect(rebuild.status).toBe(200);
      const { after: digest } = (await rebuild.json()) as RebuildReport;
      expect(digest.tables).toMatchObject({ things: { rows: 0 } });
      expect(await (await ask('/api/v1/read-models/orchestrator/digest')).json()).toEqual(digest);
      await eventually('ready', async () => (await ask('/health/ready', { key: '' })).status === 200);
    }, 30_000);

    test('boot fails for a handler that declares no permission', async () => {
      @Controller()
      class Open {
        @Get('/api/v1/open')
        all(): object {
          return {};
        }
      }
      @Module({ controllers: [Open] })
      class OpenModule {}
      await expect(createService({ config, module: OpenModule })).rejects.toThrow(
        'Open.all serves HTTP without a declared permission',
      );
    });

    test("boot fails for another service's route", async () => {
      @Controller()
      class Astray {
        @Handle(routes.listLogs)
        all(): object {
          return {};
        }
      }
      @Module({ controllers: [Astray] })
      class AstrayModule {}
      await expect(createService({ config, module: AstrayModule })).rejects.toThrow('belongs to telemetry-ingestor');
    });

    test('boot fails without readable keys', async () => {
      @Module({})
      class EmptyModule {}
      const without = { ...config, apiKeysFile: join(servers.dir, 'nowhere.json') };
      await expect(createService({ config: without, module: EmptyModule })).rejects.toThrow(
        'THROUGHLINE_API_KEYS_FILE',
      );
    });
  });

  describe('messages through Nest', () => {
    const subject = telemetrySubject(tenantSchema.parse('acme'), 'metric');
    const connections = (): Connections => app.get(Connections, { strict: false });
    const send = (payload: string): void => connections().nc.publish(subject, payload);
    const jetStreamState = async (): Promise<{ ackPending: number; waiting: number }> => {
      const answer = await connections().nc.request(`$JS.API.CONSUMER.INFO.${STREAMS.telemetry}.spec`, '', {
        timeout: 2_000,
      });
      const info = answer.json<{ num_ack_pending: number; num_pending: number }>();
      return { ackPending: info.num_ack_pending, waiting: info.num_pending };
    };
    const deadLetters = async (): Promise<DeadLetter[]> => {
      const letters: DeadLetter[] = [];
      for (let seq = 1; ; seq += 1) {
        const answer = await connections().nc.request(
          `$JS.API.STREAM.MSG.GET.${STREAMS.dead}`,
          JSON.stringify({ seq }),
          {
            timeout: 2_000,
          },
        );
        const { message } = answer.json<{ message?: { data: string } }>();
        if (!message) return letters;
        letters.push(JSON.parse(Buffer.from(message.data, 'base64').toString('utf8')) as DeadLetter);
      }
    };

    test('a message is acked after its handler, not before', async () => {
      send('{"kind":"slow"}');
      await eventually('the handler runs', () => release !== undefined);
      expect(await jetStreamState()).toEqual({ ackPending: 1, waiting: 0 });
      expect(seen).toEqual([]);
      release?.();
      await eventually('the ack', async () => (await jetStreamState()).ackPending === 0);
      expect(seen).toEqual([{ kind: 'slow' }]);
    });

    test('poison goes to TL_DEAD with the reason and is acked', async () => {
      send('{"kind":"poison"}');
      send('{"not json');
      await eventually('two dead letters', async () => (await deadLetters()).length === 2);
      const reasons = (await deadLetters()).map(({ code, reason }) => ({ code, reason }));
      expect(reasons).toContainEqual({ code: 'TL0301', reason: 'this one is poison' });
      expect(reasons).toContainEqual({ code: 'TL0301', reason: expect.stringContaining('not JSON') as string });
      expect(await eventually('acked', async () => (await jetStreamState()).ackPending === 0)).toBe(true);
    });

    test('a handler that keeps failing is tried so often, then dead-lettered with its own words', async () => {
      failures = 0;
      send('{"kind":"failing"}');
      const letter = await eventually('the dead letter', async () =>
        (await deadLetters()).find(({ code }) => code === 'TL0302'),
      );
      expect(letter.reason).toContain('the handler broke');
      expect(letter.deliveries).toBe(3);
      expect(failures).toBe(3);
    }, 30_000);

    test('closing waits for what is in hand, and the rest is there for the next process', async () => {
      release = undefined;
      seen.length = 0;
      send('{"kind":"slow"}');
      await eventually('the handler runs', () => release !== undefined);
      const closing = app.close();
      setTimeout(() => release?.(), 300);
      await closing;
      expect(seen).toEqual([{ kind: 'slow' }]);
      app = await boot();
      url = await app.getUrl();
      send('{"kind":"next"}');
      await eventually('the next process goes on', () => seen.length === 2);
      expect(seen).toEqual([{ kind: 'slow' }, { kind: 'next' }]);
      await eventually('all are acked', async () => (await jetStreamState()).ackPending === 0);
    }, 30_000);
  });
});
