import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionView, ProgressEvent } from '@throughline/contracts';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { createClient, everyItem, ThroughlineError } from './index.ts';

const execution = (id: string, status = 'succeeded') => ({
  id,
  workflow: { name: 'orders', version: 1 },
  status,
  progress: 100,
  currentStep: null,
  trigger: 'manual',
  correlationId: id,
  parentExecutionId: null,
  rootExecutionId: id,
  runId: null,
  labels: {},
  startedAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:01.000Z',
  endedAt: null,
  version: 3,
  traceId: null,
  error: null,
  cause: null,
  runState: {
    phases: {
      queuedMs: 0,
      preflightMs: 0,
      awaitingApprovalMs: 0,
      runningMs: 0,
      waitingMs: 0,
      pausedMs: 0,
      reviewMs: 0,
      cancellingMs: 0,
      deliveringMs: 0,
    },
    statusSince: null,
    contentHash: '',
    lastHeartbeatAt: null,
    lastError: null,
    recommendedActions: [],
    deliveryState: 'none',
    signatureState: 'none',
    pendingApprovals: [],
    storedSignals: 0,
    attributes: {},
    reopened: 0,
    requestedBy: 'somebody',
    slaClass: null,
    actionClass: null,
    mode: null,
    priority: null,
  },
});

const event = (n: number, event_type = 'StateEntered', status = 'running') => ({
  schema_version: 1,
  event_id: `${n}.0`,
  event_type,
  timestamp: '2026-01-31T12:00:00.000Z',
  execution_id: 'e1',
  status,
  progress: n,
  current_step: null,
  data: {},
});
const frame = (data: { event_id: string }) =>
  `id: ${data.event_id}\nevent: progress\ndata: ${JSON.stringify(data)}\n\n`;
const openStream = (reply: FastifyReply, text: string) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.raw.write(text);
  return reply.raw;
};

const fast = { attemptsMax: 4, delayMs: 1, delayMaxMs: 5 };
let server: FastifyInstance;
const listen = () => server.listen({ port: 0, host: '127.0.0.1' });

beforeEach(() => {
  server = Fastify();
});
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
});

const refusalOf = async (call: Promise<unknown>): Promise<ThroughlineError> => {
  const outcome = await call.then(
    () => 'no refusal',
    (error: unknown) => error,
  );
  if (outcome instanceof ThroughlineError) return outcome;
  throw new Error(`expected a ThroughlineError, got ${String(outcome)}`);
};

describe('a call', () => {
  it('sends the key, the path parameters and only the query fields that are given', async () => {
    const seen: unknown[] = [];
    const view = { executionId: 'e1', at: 2, of: 3, stateHash: 'h', state: { a: 1 }, foldedFrom: 0, replaced: [] };
    server.get('/api/v1/executions/:id/state', (request) => {
      seen.push([request.headers.authorization, request.params, request.query]);
      return view;
    });
    const client = createClient({ url: `${await listen()}/`, apiKey: 'tlk_a_b' });
    expect(await client.state('e1', { at: 2 })).toEqual(view);
    await client.state('e1', { at: '2026-01-31T12:00:00+01:00' });
    await client.state('e1');
    expect(seen).toEqual([
      ['Bearer tlk_a_b', { id: 'e1' }, { at: '2' }],
      ['Bearer tlk_a_b', { id: 'e1' }, { at: '2026-01-31T12:00:00+01:00' }],
      ['Bearer tlk_a_b', { id: 'e1' }, {}],
    ]);
  });

  it('keeps a workflow name with a slash in one path segment', async () => {
    let name: unknown;
    server.get('/api/v1/workflows/:name', (request) => {
      name = (request.params as { name: string }).name;
      return { name: 'a/b c', version: 1, hash: 'h', states: 1, registeredAt: '2026-01-31T12:00:00.000Z' };
    });
    await createClient({ url: await listen() }).getWorkflow('a/b c');
    expect(name).toBe('a/b c');
  });

  it('throws the code, status, details and request id of a refusal', async () => {
    server.post('/api/v1/workflows', (_, reply) =>
      reply.status(422).send({
        code: 'TL0103',
        title: 't',
        message: 'bad',
        details: [{ pointer: '/StartAt' }],
        help: 'h',
        requestId: 'r1',
      }),
    );
    const client = createClient({ url: await listen() });
    const error = await refusalOf(client.registerWorkflow({ name: 'w', definition: {} }));
    expect(error).toMatchObject({
      code: 'TL0103',
      status: 422,
      message: 'bad',
      details: [{ pointer: '/StartAt' }],
      requestId: 'r1',
    });
  });

  it('gives a code to an answer that no service of ours wrote', async () => {
    server.get('/api/v1/stats', (_, reply) => reply.status(502).type('text/html').send('<h1>Bad Gateway</h1>'));
    const error = await refusalOf(createClient({ url: await listen() }).stats());
    expect(error).toMatchObject({ code: 'TL0008', status: 502 });
  });

  it('does not pass on an answer of the wrong shape', async () => {
    server.get('/api/v1/stats', () => ({ executionsByStatus: {}, workflows: 'many', projectedSeq: 1 }));
    const error = await refusalOf(createClient({ url: await listen() }).stats());
    expect(error).toMatchObject({ code: 'TL0007', status: 200 });
  });

  it('ends with TL0009 when no answer comes in time', async () => {
    server.get('/api/v1/stats', () => new Promise(() => {}));
    const error = await refusalOf(createClient({ url: await listen(), requestTimeoutMs: 50 }).stats());
    expect(error).toMatchObject({ code: 'TL0009', status: 0 });
  });

  it("that may take longer than Node's fetch waits by itself is not cut short by it", async () => {
    const given: (RequestInit | undefined)[] = [];
    const noAnswer = (_url: unknown, init?: RequestInit): Promise<Response> => {
      given.push(init);
      return Promise.reject(new TypeError('fetch failed'));
    };
    const client = createClient({ url: 'http://127.0.0.1:9', fetch: noAnswer });
    await expect(client.rebuild('orchestrator')).rejects.toMatchObject({ code: 'TL0008' });
    await expect(client.stats()).rejects.toMatchObject({ code: 'TL0008' });
    expect(given.map((init) => init?.dispatcher !== undefined)).toEqual([true, false]);
  });

  it("ends with the caller's own reason when the caller aborts", async () => {
    server.get('/api/v1/stats', () => new Promise(() => {}));
    const client = createClient({ url: await listen() });
    const reason = new Error('enough');
    await expect(client.stats({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('reads every page of a list', async () => {
    server.get('/api/v1/executions', (request) => {
      const { cursor } = request.query as { cursor?: string };
      return cursor === undefined
        ? { items: [execution('e1')], nextCursor: 'c1' }
        : { items: [execution('e2')], nextCursor: null };
    });
    const client = createClient({ url: await listen() });
    const ids: string[] = [];
    for await (const item of everyItem((cursor) => client.list({ cursor }))) ids.push(item.id);
    expect(ids).toEqual(['e1', 'e2']);
  });
});

describe('a start', () => {
  it('is sent again with the same chosen id after 504, 503 and a cut connection', async () => {
    const ids: string[] = [];
    server.post('/api/v1/workflows/:name/executions', (request, reply) => {
      const { executionId } = request.body as { executionId: string };
      ids.push(executionId);
      if (ids.length === 1) return reply.status(504).send({ code: 'TL0009', message: 'unknown' });
      if (ids.length === 2) return reply.status(503).send({ code: 'TL0203', message: 'log' });
      if (ids.length === 3) {
        request.raw.socket.destroy();
        return reply;
      }
      return reply.status(201).send(execution(executionId, 'running'));
    });
    const view = await createClient({ url: await listen(), repeat: fast }).start('orders', { input: { a: 1 } });
    expect(ids).toHaveLength(4);
    expect(new Set(ids)).toEqual(new Set([view.id]));
  });

  it('keeps an id or an idempotency key that was given', async () => {
    const bodies: unknown[] = [];
    server.post('/api/v1/workflows/:name/executions', (request, reply) => {
      bodies.push(request.body);
      return reply.status(201).send(execution('e1'));
    });
    const client = createClient({ url: await listen() });
    await client.start('orders', { executionId: 'mine' });
    await client.start('orders', { idempotencyKey: 'order-7' });
    expect(bodies).toEqual([{ executionId: 'mine' }, { idempotencyKey: 'order-7' }]);
  });

  it('is not repeated after a refusal', async () => {
    let count = 0;
    server.post('/api/v1/workflows/:name/executions', (_, reply) => {
      count += 1;
      return reply.status(404).send({ code: 'TL0101', message: 'no such workflow' });
    });
    const error = await refusalOf(createClient({ url: await listen(), repeat: fast }).start('nope'));
    expect([error.code, count]).toEqual(['TL0101', 1]);
  });

  it('gives up after the attempts it may make', async () => {
    let count = 0;
    server.post('/api/v1/workflows/:name/executions', (_, reply) => {
      count += 1;
      return reply.status(504).send({ code: 'TL0009', message: 'unknown' });
    });
    const error = await refusalOf(createClient({ url: await listen(), repeat: fast }).start('orders'));
    expect([error.code, count]).toEqual(['TL0009', fast.attemptsMax]);
  });
});

describe('a wait', () => {
  it('asks again until the execution has ended', async () => {
    let count = 0;
    server.get('/api/v1/executions/:id', () => execution('e1', (count += 1) < 3 ? 'running' : 'failed'));
    const view: ExecutionView = await createClient({ url: await listen() }).wait('e1');
    expect([view.status, count]).toEqual(['failed', 3]);
  });

  it('answers with the view as it is when its time has passed', async () => {
    server.get('/api/v1/executions/:id', () => execution('e1', 'running'));
    expect((await createClient({ url: await listen() }).wait('e1', { timeoutMs: 0 })).status).toBe('running');
  });
});

describe('a watch', () => {
  it('resumes after the last event seen and ends with the execution', async () => {
    const resumedAfter: unknown[] = [];
    server.get('/api/v1/executions/:id/stream', (request, reply) => {
      resumedAfter.push(request.headers['last-event-id']);
      if (resumedAfter.length === 1) {
        const raw = openStream(reply, `: beat\n\n${frame(event(1))}${frame(event(2)).slice(0, 20)}`);
        setTimeout(() => raw.destroy(), 20);
        return;
      }
      if (resumedAfter.length === 2) return void reply.status(503).send({ code: 'TL0008', message: 'down' });
      // Left open: the client itself must see that this is the end.
      openStream(reply, frame(event(2)) + frame(event(3, 'ExecutionSucceeded', 'succeeded')));
    });
    const client = createClient({ url: await listen(), repeat: fast });
    const seen: ProgressEvent[] = [];
    for await (const one of client.watch('e1')) seen.push(one);
    expect(seen.map((one) => one.event_id)).toEqual(['1.0', '2.0', '3.0']);
    expect(resumedAfter).toEqual([undefined, '1.0', '1.0']);
  });

  it('ends at once after the last event of an ended execution', async () => {
    let count = 0;
    server.get('/api/v1/executions/:id/stream', (_, reply) => {
      count += 1;
      return reply.status(204).send();
    });
    const client = createClient({ url: await listen(), repeat: fast });
    const seen: ProgressEvent[] = [];
    for await (const one of client.watch('e1', { lastEventId: '9.0' })) seen.push(one);
    expect([seen, count]).toEqual([[], 1]);
  });

  it('opens a line again that went silent', async () => {
    let count = 0;
    server.get('/api/v1/executions/:id/stream', (_, reply) => {
      count += 1;
      openStream(reply, count === 1 ? frame(event(1)) : frame(event(2, 'ExecutionFailed', 'failed')));
    });
    const client = createClient({ url: await listen(), repeat: fast });
    const seen: string[] = [];
    for await (const one of client.watch('e1', { silenceMaxMs: 60 })) seen.push(one.event_id);
    expect(seen).toEqual(['1.0', '2.0']);
  });

  it('closes its connection when the reader stops early', async () => {
    let closed: Promise<unknown> | undefined;
    server.get('/api/v1/executions/:id/stream', (_, reply) => {
      closed = once(openStream(reply, frame(event(1))), 'close');
    });
    for await (const one of createClient({ url: await listen() }).watch('e1')) {
      expect(one.event_id).toBe('1.0');
      break;
    }
    await closed;
  });

  it('ends at once when the execution is unknown', async () => {
    server.get('/api/v1/executions/:id/stream', (_, reply) =>
      reply.status(404).send({ code: 'TL0105', message: 'no' }),
    );
    const watching = createClient({ url: await listen(), repeat: fast })
      .watch('e1')
      .next();
    expect((await refusalOf(watching)).code).toBe('TL0105');
  });

  it('gives up on a server that is gone', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const watching = createClient({ url: `http://127.0.0.1:${port}`, repeat: fast })
      .watch('e1')
      .next();
    expect(await refusalOf(watching)).toMatchObject({ code: 'TL0008', status: 0 });
  });
});
