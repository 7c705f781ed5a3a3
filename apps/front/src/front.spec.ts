import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allRoutes, POLL_WAIT_MS_MAX, SERVICES, type ServiceName, WAIT_MS_MAX } from '@throughline/contracts';
import Fastify, { type FastifyInstance } from 'fastify';
import { frontConfig } from './config.ts';
import { BODY_BYTES_MAX, createFront } from './front.ts';
import { ANSWER_TIMEOUT_MS } from './proxy.ts';

interface Heard {
  readonly service: ServiceName;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

let front: FastifyInstance;
let frontUrl: string;
let upstreams: Record<ServiceName, FastifyInstance>;
let heard: Heard[];

/** A real server in the place of a service: notes what arrives and answers like one. */
const upstreamOf = (service: ServiceName): FastifyInstance => {
  const app = Fastify();
  app.get('/health/ready', () => ({ status: 'ok', info: { nats: { status: 'up' } } }));
  app.get('/docs/swagger-ui.css', (_, reply) => reply.type('text/css').send(`/* ${service} */`));
  app.get('/docs-json', () => ({ openapi: '3.1.0', info: { version: '1' }, paths: { [`/api/v1/${service}`]: {} } }));
  app.all('/api/*', (request, reply) => {
    heard.push({ service, method: request.method, url: request.url, headers: request.headers, body: request.body });
    return reply
      .status(request.method === 'POST' ? 201 : 200)
      .header('x-from', service)
      .send({ service });
  });
  return app;
};

beforeEach(async () => {
  heard = [];
  const apps = SERVICES.map((service) => [service, upstreamOf(service)] as const);
  upstreams = Object.fromEntries(apps) as Record<ServiceName, FastifyInstance>; // one entry for each of SERVICES
  const urls = await Promise.all(SERVICES.map((service) => upstreams[service].listen({ port: 0, host: '127.0.0.1' })));
  const env = Object.fromEntries(
    SERVICES.map((service, index) => [`${service.toUpperCase().replaceAll('-', '_')}_URL`, urls[index]]),
  );
  front = await createFront(frontConfig({ ...env, LOG_LEVEL: 'silent', PORT: '0' }));
  frontUrl = await front.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  await front.close();
  for (const service of SERVICES) upstreams[service].server.closeAllConnections();
  await Promise.all(SERVICES.map((service) => upstreams[service].close()));
});

const exampleUrl = (path: string): string =>
  path.replace(/:(\w+)/g, (_, name: string) => (name === 'version' ? '1' : 'x1'));

it('sends every route of the contracts to the service that serves it', async () => {
  for (const route of allRoutes) {
    const response = await fetch(`${frontUrl}${exampleUrl(route.path)}?limit=3`, { method: route.method });
    expect([route.path, response.headers.get('x-from')]).toEqual([route.path, route.service]);
    await response.body?.cancel();
  }
  expect(heard.map(({ url, method }) => [method, url])).toEqual(
    allRoutes.map((route) => [route.method, `${exampleUrl(route.path)}?limit=3`]),
  );
});

it('hands on credential, trace context, request id and body as they came', async () => {
  const response = await fetch(`${frontUrl}/api/v1/workflows/a%2Fb/executions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer k',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      baggage: 'throughline.correlation_id=c1',
      'x-request-id': 'r1',
    },
    body: '{"input": {"price": 1.50}}',
  });
  expect(response.status).toBe(201);
  expect(heard[0]).toMatchObject({
    url: '/api/v1/workflows/a%2Fb/executions',
    headers: {
      authorization: 'Bearer k',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      baggage: 'throughline.correlation_id=c1',
      'x-request-id': 'r1',
      'content-length': '26',
    },
    body: { input: { price: 1.5 } },
  });
});

it('answers TL0008 for a service that is down, and still serves the others', async () => {
  await upstreams['replay-service'].close();
  const down = await fetch(`${frontUrl}/api/v1/executions/e1/state`);
  expect([down.status, await down.json()]).toMatchObject([503, { code: 'TL0008', help: 'docs/errors/TL0008.md' }]);
  expect((await fetch(`${frontUrl}/api/v1/executions/e1`)).status).toBe(200);
});

it('hands a 503 of a service on without asking again', async () => {
  let asked = 0;
  const busy = createServer((_, response) => {
    asked += 1;
    response.writeHead(503, { 'retry-after': '7', 'content-type': 'application/json' }).end('{"code":"TL0204"}');
  }).listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const url = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
  const other = await createFront(frontConfig({ ORCHESTRATOR_URL: url, LOG_LEVEL: 'silent' }));
  const address = await other.listen({ port: 0, host: '127.0.0.1' });
  const response = await fetch(`${address}/api/v1/stats`);
  expect([response.status, response.headers.get('retry-after'), await response.json(), asked]).toEqual([
    503,
    '7',
    { code: 'TL0204' },
    1,
  ]);
  await other.close();
  busy.close();
});

it.each(['/api/v1/nothing', '/api/v2/executions', '/metrics', '/docs/orchestrator/%2e%2e/metrics', '/docs/unknown/'])(
  'knows no %s',
  async (path) => {
    const response = await fetch(`${frontUrl}${path}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'TL0004' }]);
    expect(heard).toEqual([]);
  },
);

it.each(['%', '%zz', '%ff', 'x'.repeat(3_100)])(
  'says by its code that a path with %.10j is not readable',
  async (part) => {
    const response = await fetch(`${frontUrl}/api/v1/executions/${part}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'TL0006', help: 'docs/errors/TL0006.md' },
    ]);
    expect(heard).toEqual([]);
  },
);

it('waits longer for an answer than any request may ask a service to wait', () => {
  expect(ANSWER_TIMEOUT_MS).toBeGreaterThan(POLL_WAIT_MS_MAX);
  expect(ANSWER_TIMEOUT_MS).toBeGreaterThan(WAIT_MS_MAX);
});

it('says by its code that headers are too large', async () => {
  const response = await fetch(`${frontUrl}/api/v1/executions`, { headers: { 'x-large': 'x'.repeat(20_000) } });
  expect([response.status, await response.json()]).toMatchObject([413, { code: 'TL0005' }]);
  expect(heard).toEqual([]);
});

it('refuses a body over the limit before any service sees it', async () => {
  const body = JSON.stringify({ name: 'w', definition: 'x'.repeat(BODY_BYTES_MAX) });
  const response = await fetch(`${frontUrl}/api/v1/workflows`, { method: 'POST', body });
  expect([response.status, await response.json()]).toMatchObject([413, { code: 'TL0005' }]);
  expect(heard).toEqual([]);
});

it('passes each event of a stream on as it comes, and closes the upstream line with the caller', async () => {
  let upstreamClosed: Promise<unknown> | undefined;
  let lastEventId: unknown;
  let send: (text: string) => void = () => {};
  const streaming = Fastify();
  streaming.get('/api/v1/executions/:id/stream', (request, reply) => {
    lastEventId = request.headers['last-event-id'];
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    send = (text) => reply.raw.write(text);
    upstreamClosed = once(reply.raw, 'close');
    send('id: 1.0\n\n');
  });
  const url = await streaming.listen({ port: 0, host: '127.0.0.1' });
  const other = await createFront(frontConfig({ TELEMETRY_INGESTOR_URL: url, LOG_LEVEL: 'silent' }));
  const address = await other.listen({ port: 0, host: '127.0.0.1' });
  const caller = new AbortController();
  const response = await fetch(`${address}/api/v1/executions/e1/stream`, {
    headers: { 'last-event-id': '0.4' },
    signal: caller.signal,
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  expect([response.headers.get('content-type'), lastEventId]).toEqual(['text/event-stream', '0.4']);
  expect(await next()).toBe('id: 1.0\n\n');
  send('id: 2.0\n\n');
  expect(await next()).toBe('id: 2.0\n\n');
  caller.abort();
  await upstreamClosed;
  await other.close();
  await streaming.close();
});

it('closes although a stream is open', async () => {
  upstreams['telemetry-ingestor'].server.removeAllListeners('request');
  upstreams['telemetry-ingestor'].server.on('request', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': beat\n\n');
  });
  const response = await fetch(`${frontUrl}/api/v1/executions/e1/stream`);
  const reading = response.text().then(
    () => 'ended',
    () => 'cut',
  );
  await front.close();
  expect(await reading).toBe('cut');
});

it('is ready only when every service is, and says which one is not', async () => {
  expect((await fetch(`${frontUrl}/health/ready`)).status).toBe(200);
  await upstreams['audit-service'].close();
  const response = await fetch(`${frontUrl}/health/ready`);
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { status: 'error', services: { 'audit-service': { status: 'unreachable' }, orchestrator: { status: 'ready' } } },
  ]);
  expect((await fetch(`${frontUrl}/health/live`)).status).toBe(200);
});

it('serves the API pages of each service with their assets, and one document of all', async () => {
  const page = await fetch(`${frontUrl}/docs/audit-service`);
  expect([page.url, await page.text()]).toEqual([
    `${frontUrl}/docs/audit-service/`,
    expect.stringContaining("url: '/docs/audit-service-json'"),
  ]);
  expect(await (await fetch(`${frontUrl}/docs/audit-service-json`)).json()).toMatchObject({ openapi: '3.1.0' });
  const asset = await fetch(`${frontUrl}/docs/audit-service/swagger-ui.css`);
  expect([asset.headers.get('content-type'), await asset.text()]).toEqual(['text/css', '/* audit-service */']);
  const merged = (await (await fetch(`${frontUrl}/docs-json`)).json()) as { paths: object };
  expect(Object.keys(merged.paths)).toEqual(SERVICES.map((service) => `/api/v1/${service}`));
  expect(await (await fetch(frontUrl)).text()).toContain('href="/docs/telemetry-ingestor/"');
});

it('names every variable that is wrong', () => {
  expect(() => frontConfig({ PORT: 'http', AUDIT_SERVICE_URL: 'ftp://x' })).toThrow(/PORT[\s\S]*AUDIT_SERVICE_URL/);
});

interface FakeInstance {
  readonly url: string;
  saysReady: boolean;
  close(): Promise<void>;
}

describe('several instances of a service', () => {
  const withOrchestrators = async (urls: readonly string[]): Promise<Pick<FakeInstance, 'url' | 'close'>> => {
    const app = await createFront(frontConfig({ ORCHESTRATOR_URL: urls.join(', '), LOG_LEVEL: 'silent' }));
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  };
  const another = async (answer: string): Promise<FakeInstance> => {
    const app = Fastify({ forceCloseConnections: true });
    app.get('/health/ready', (_, reply) => reply.status(instance.saysReady ? 200 : 503).send({}));
    app.all('/api/*', (_, reply) => reply.status(200).send(answer));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const instance: FakeInstance = { url, saysReady: true, close: () => app.close() };
    return instance;
  };
  const ask = async (address: string, method = 'POST') =>
    (await fetch(`${address}/api/v1/workflows/w/executions`, { method })).text();

  it('take turns, and one that says it is not ready gets nothing while another is', async () => {
    const [a, b] = [await another('a'), await another('b')];
    const other = await withOrchestrators([a.url, b.url]);
    expect(new Set([await ask(other.url), await ask(other.url)])).toEqual(new Set(['a', 'b']));
    a.saysReady = false;
    await eventuallyOnly('b', () => ask(other.url));
    a.saysReady = true;
    b.saysReady = false;
    await eventuallyOnly('a', () => ask(other.url));
    await Promise.all([other.close(), a.close(), b.close()]);
  });

  it('stand in for one that cannot be reached, also for what may not be sent twice', async () => {
    const [a, b] = [await another('a'), await another('b')];
    const other = await withOrchestrators([a.url, b.url]);
    await a.close();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(other.url)));
    expect(new Set(answers)).toEqual(new Set(['b']));
    await b.close();
    const none = await fetch(`${other.url}/api/v1/stats`);
    expect([none.status, await none.json()]).toMatchObject([503, { code: 'TL0008' }]);
    await other.close();
  });

  it('do not get a second time what an instance took and did not answer, unless it only reads', async () => {
    const heardOf: string[] = [];
    const cutting = createServer((request, response) => {
      if (request.url === '/health/ready') return void response.end('{}');
      heardOf.push(request.method ?? '');
      request.socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(cutting, 'listening');
    const good = await another('b');
    const other = await withOrchestrators([`http://127.0.0.1:${(cutting.address() as AddressInfo).port}`, good.url]);
    const start = await fetch(`${other.url}/api/v1/workflows/w/executions`, { method: 'POST' });
    expect([start.status, await start.json(), heardOf]).toMatchObject([503, { code: 'TL0008' }, ['POST']]);
    for (let asked = 0; heardOf.length < 2 && asked < 100; asked += 1) {
      expect(await (await fetch(`${other.url}/api/v1/stats`)).text()).toBe('b');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(heardOf).toEqual(['POST', 'GET']);
    await Promise.all([other.close(), good.close()]);
    cutting.close();
  });

  it('are all named by the health of front, which is ready while one of them is', async () => {
    const good = await another('b');
    const gone = 'http://127.0.0.1:9';
    const other = await withOrchestrators([gone, good.url]);
    const { services } = (await (await fetch(`${other.url}/health/ready`)).json()) as {
      services: { orchestrator: unknown };
    };
    expect(services.orchestrator).toMatchObject({
      status: 'ready',
      detail: { [gone]: { status: 'unreachable' }, [good.url]: { status: 'ready' } },
    });
    await Promise.all([other.close(), good.close()]);
  });
});

/** The instances are asked now and then, so a change of theirs shows a little later. */
const eventuallyOnly = async (answer: string, ask: () => Promise<string>): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const answers = new Set([await ask(), await ask(), await ask()]);
    if (answers.size === 1 && answers.has(answer)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the others still get requests that are ${answer}'s`);
};
