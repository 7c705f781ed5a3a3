import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StepTask, stepTaskSchema } from '@throughline/contracts';
import { executeTask, handlerSet } from '@throughline/worker-sdk';
import { targetsOf } from '../targets/targets-of-worker.ts';
import { createHttpSteps, type HttpSteps } from './http-invoke.ts';

const TRACE_ID = '1'.repeat(32);

const taskFor = (input: unknown, given: Partial<Record<keyof StepTask, unknown>> = {}): StepTask =>
  stepTaskSchema.parse({
    v: 1,
    tenant: 'default',
    executionId: 'order-1',
    token: '3.2',
    workflow: { name: 'orders', version: 1 },
    state: 'Charge',
    frame: '0',
    attempt: 1,
    resource: 'arn:aws:states:::http:invoke',
    queue: 'http',
    handler: 'http',
    input,
    effectClass: 'idempotent',
    idempotencyKey: 'a'.repeat(64),
    scheduledAt: '2026-01-31T12:00:00.000Z',
    correlationId: 'corr-1',
    traceparent: `00-${TRACE_ID}-${'2'.repeat(16)}-01`,
    ...given,
  });

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('an HTTP step', () => {
  let steps: HttpSteps;
  let server: Server;
  let url: string;
  let answer: Answer;
  let requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];

  beforeEach(async () => {
    const { http } = targetsOf({ slotsPerQueue: 16, targetCallsMax: 4 });
    steps = createHttpSteps({ targets: http, holdMs: 60_000 });
    requests = [];
    answer = (_request, response) => response.end();
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        requests.push({ method, url: path, headers, body: Buffer.concat(chunks).toString() });
        answer(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await steps.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const run = (parameters: Record<string, unknown>, given: Partial<Record<keyof StepTask, unknown>> = {}) =>
    executeTask(taskFor({ ApiEndpoint: url, Method: 'GET', ...parameters }, given), handlerSet([steps.handler]), {
      worker: 'spec',
    });

  it('sends method, query, headers and JSON body, and answers in the shape of http:invoke', async () => {
    answer = (_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json; charset=utf-8', 'x-many': ['a', 'b'] });
      response.end('{"id":"charge-1"}');
    };
    const report = await run({
      ApiEndpoint: `${url}/charges?a=1`,
      Method: 'POST',
      QueryParameters: { b: ['2', 3], c: true },
      Headers: { 'X-Shop': 'kettles' },
      RequestBody: { amount: 2 },
    });
    expect(requests).toMatchObject([{ method: 'POST', url: '/charges?a=1&b=2&b=3&c=true', body: '{"amount":2}' }]);
    expect(requests[0]?.headers).toMatchObject({ 'x-shop': 'kettles', 'content-type': 'application/json' });
    expect(report).toMatchObject({
      type: 'CompleteStep',
      body: {
        output: {
          StatusCode: 201,
          StatusText: 'Created',
          ResponseBody: { id: 'charge-1' },
          Headers: { 'content-type': ['application/json; charset=utf-8'] },
        },
      },
    });
  });

  it('ties the request to its execution: trace, correlation id, idempotency key', async () => {
    await run({ Headers: { traceparent: '00-stolen', 'Idempotency-Key': 'mine' } });
    expect(requests[0]?.headers).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`)),
      baggage: 'throughline.correlation_id=corr-1',
      'idempotency-key': 'mine',
    });
    await run({});
    expect(requests[1]?.headers['idempotency-key']).toBe('a'.repeat(64));
  });

  it('text stays text, and so does JSON that is none', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
    expect(await run({})).toMatchObject({ body: { output: { ResponseBody: 'hello' } } });
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{oops');
    expect(await run({})).toMatchObject({ body: { output: { ResponseBody: '{oops' } } });
  });

  it.each([
    [404, 'no such card', 'no such card'],
    [500, '', 'Internal Server Error'],
    [302, 'elsewhere', 'elsewhere'],
  ])('status %i fails the step with its code and the body as cause', async (status, body, cause) => {
    answer = (_request, response) => response.writeHead(status, { location: `${url}/other` }).end(body);
    expect(await run({})).toMatchObject({
      type: 'FailStep',
      body: { error: `States.Http.StatusCode.${status}`, cause },
    });
    expect(requests).toHaveLength(1);
  });

  it('a connection that cannot be made or breaks is States.Http.Socket', async () => {
    expect(await run({ ApiEndpoint: 'http://127.0.0.1:1/' })).toMatchObject({ body: { error: 'States.Http.Socket' } });
    answer = (request) => request.socket.destroy();
    expect(await run({})).toMatchObject({ body: { error: 'States.Http.Socket' } });
  });

  it('no whole answer within TimeoutSeconds is States.Http.Socket', async () => {
    answer = (_request, response) => void response.writeHead(200).write('begun');
    expect(await run({ TimeoutSeconds: 0.1 })).toMatchObject({
      body: { error: 'States.Http.Socket', cause: expect.stringContaining('100 ms') },
    });
  });

  it("the state's own time limit is States.Timeout", async () => {
    answer = () => {};
    expect(await run({}, { timeoutMs: 100 })).toMatchObject({ body: { error: 'States.Timeout' } });
  });

  it('an answer over 256 KiB is not read to its end', async () => {
    answer = (_request, response) => response.end(Buffer.alloc(300 * 1024, 'x'));
    expect(await run({})).toMatchObject({ body: { error: 'States.DataLimitExceeded' } });
  });

  it.each([
    ['another protocol', { ApiEndpoint: 'file:///etc/passwd' }],
    ['credentials in the URL', { ApiEndpoint: 'http://user:secret@127.0.0.1/' }],
    ['an unknown method', { Method: 'CONNECT' }],
    ['a header of the connection', { Headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a second line in a header', { Headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['authentication', { Authentication: { ConnectionArn: 'arn' } }],
    ['too long a time', { TimeoutSeconds: 61 }],
  ])('%s is refused before anything is sent', async (_what, parameters) => {
    expect(await run(parameters)).toMatchObject({ body: { error: 'Throughline.InputInvalid' } });
    expect(requests).toEqual([]);
  });

  describe('whose target fails', () => {
    const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
    const now = (): { scheduledAt: string } => ({ scheduledAt: new Date().toISOString() });

    beforeEach(async () => {
      answer = (_request, response) => response.writeHead(503).end('closed for today');
      for (let i = 0; i < 10; i += 1) await run({}, now());
    });

    it('is deferred and not sent, with what the target last said', async () => {
      const report = await run({}, now());
      expect(report).toMatchObject({
        type: 'DeferStep',
        body: { token: '3.2', error: 'States.Http.StatusCode.503', cause: expect.stringContaining('closed for today') },
      });
      expect(requests).toHaveLength(10);
    });

    it('fails as its last callers did when it has waited for long enough', async () => {
      const report = await run({}, { scheduledAt: HOUR_AGO });
      expect(report).toMatchObject({ type: 'FailStep', body: { error: 'States.Http.StatusCode.503' } });
      expect(requests).toHaveLength(10);
    });

    it("leaves another tenant's steps alone", async () => {
      expect(await run({}, { ...now(), tenant: 'globex' })).toMatchObject({ type: 'FailStep' });
      expect(requests).toHaveLength(11);
    });
  });

  it('beats while it waits for a slow answer', async () => {
    answer = (_request, response) => void setTimeout(() => response.end('late'), 450);
    let beats = 0;
    const task = taskFor({ ApiEndpoint: url, Method: 'GET' }, { heartbeatMs: 300 });
    await executeTask(task, handlerSet([steps.handler]), {
      worker: 'spec',
      heartbeat: () => {
        beats += 1;
        return Promise.resolve('open' as const);
      },
    });
    expect(beats).toBeGreaterThanOrEqual(3);
  });
});
