import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type DeliveryTarget, type DeliveryTask, deliveryTaskSchema, tenantSchema } from '@throughline/contracts';
import { tempDir } from '@throughline/testkit';
import { createSecretStore, SecretMissing } from '@throughline/worker-sdk';
import { Agent } from 'undici';
import { deliverFile } from './deliver-file.ts';
import { deliverWebhook, signatureOf } from './deliver-webhook.ts';

const NOW = Date.parse('2026-01-31T12:00:00.000Z');
const KEY = 'b'.repeat(64);

const taskFor = (target: DeliveryTarget, given: Partial<Record<keyof DeliveryTask, unknown>> = {}): DeliveryTask =>
  deliveryTaskSchema.parse({
    v: 1,
    tenant: 'default',
    executionId: 'order-1',
    delivery: '7.3',
    attempt: 2,
    lastAttempt: false,
    target,
    result: {
      executionId: 'order-1',
      workflow: { name: 'orders', version: 1 },
      status: 'succeeded',
      output: { price: 3 },
      correlationId: 'corr-1',
      labels: {},
      startedAt: '2026-01-31T11:00:00.000Z',
      endedAt: '2026-01-31T12:00:00.000Z',
      contentHash: 'c'.repeat(64),
    },
    idempotencyKey: KEY,
    scheduledAt: '2026-01-31T12:00:00.000Z',
    correlationId: 'corr-1',
    ...given,
  });

describe('a webhook', () => {
  const dir = tempDir('secrets');
  const dispatcher = new Agent();
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let got: { headers: IncomingMessage['headers']; body: string }[];

  beforeAll(async () => {
    writeFileSync(join(dir.path, 'receiver'), 'first\n');
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/results`;
  });
  beforeEach(() => {
    got = [];
    answer = (_request, response) => response.writeHead(204).end();
  });
  afterAll(async () => {
    await dispatcher.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    dir.remove();
  });

  const send = (more: object = {}, given: Partial<Record<keyof DeliveryTask, unknown>> = {}) => {
    const target = { type: 'webhook', url, secret: 'secret://receiver', ...more } as const;
    return deliverWebhook(taskFor(target, given), target, {
      secrets: createSecretStore({ directory: dir.path }),
      dispatcher,
      signal: new AbortController().signal,
      nowMs: () => NOW,
    });
  };

  it('carries the result, signed, with what a repeat is known by', async () => {
    expect(await send()).toEqual({ kind: 'delivered', answer: 'HTTP 204' });
    const [request] = got;
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ executionId: 'order-1', output: { price: 3 } });
    expect(request?.headers).toMatchObject({
      'idempotency-key': KEY,
      'throughline-attempt': '2',
      'content-type': 'application/json',
      'throughline-signature': signatureOf('first', request?.body ?? '', NOW),
    });
  });

  it('is signed with the secret as it is at that moment', async () => {
    await send();
    writeFileSync(join(dir.path, 'receiver'), 'second');
    await send();
    expect(got[1]?.headers['throughline-signature']).toBe(signatureOf('second', got[1]?.body ?? '', NOW));
    expect(got[1]?.headers['throughline-signature']).not.toBe(got[0]?.headers['throughline-signature']);
  });

  it('is not sent without its secret, which may come', async () => {
    expect(await send({ secret: 'secret://nowhere' })).toMatchObject({
      kind: 'failed',
      error: 'Throughline.SecretMissing',
      retryable: true,
    });
    expect(got).toEqual([]);
  });

  it.each([
    [500, true],
    [404, true],
    [302, true],
    [410, false],
  ])('answered with %i has not arrived', async (status, retryable) => {
    answer = (_request, response) => response.writeHead(status, { location: url }).end('not now');
    expect(await send()).toEqual({
      kind: 'failed',
      error: 'Throughline.WebhookFailed',
      cause: `HTTP ${status}: not now`,
      retryable,
    });
    expect(got).toHaveLength(1);
  });

  it('that nobody takes, or answers in time, may arrive later', async () => {
    expect(await send({ url: 'http://127.0.0.1:1/' })).toMatchObject({ kind: 'failed', retryable: true });
    answer = () => {};
    expect(await send({ timeoutSeconds: 1 })).toMatchObject({ kind: 'failed', retryable: true });
  });
});

describe('secrets', () => {
  it("of one tenant are not another's", async () => {
    const dir = tempDir('secrets');
    mkdirSync(join(dir.path, 'acme'));
    writeFileSync(join(dir.path, 'acme', 'hook'), 'of acme');
    writeFileSync(join(dir.path, 'hook'), 'of the default tenant');
    const store = createSecretStore({ directory: dir.path, env: { THROUGHLINE_SECRET_OTHER: 'from the environment' } });
    const [preset, acme, rival] = ['default', 'acme', 'rival'].map((name) => tenantSchema.parse(name));
    if (!preset || !acme || !rival) throw new Error('three tenants');
    expect(await store.read(preset, 'secret://hook')).toBe('of the default tenant');
    expect(await store.read(acme, 'secret://hook')).toBe('of acme');
    expect(await store.read(preset, 'secret://other')).toBe('from the environment');
    await expect(store.read(rival, 'secret://hook')).rejects.toThrow(SecretMissing);
    await expect(store.read(rival, 'secret://other')).rejects.toThrow(SecretMissing);
    await expect(store.read(preset, 'secret://../acme/hook')).rejects.toThrow(SecretMissing);
    dir.remove();
  });
});

describe('a file', () => {
  const dir = tempDir('results');
  afterAll(() => dir.remove());
  const send = (path: string, directory: string | undefined = dir.path) => {
    const target = { type: 'file', path } as const;
    return deliverFile(taskFor(target), target, directory);
  };

  it("is written whole below its tenant's folder, and a later one takes its place", async () => {
    expect(await send('orders/{executionId}.json')).toEqual({ kind: 'delivered', answer: 'orders/order-1.json' });
    await send('orders/{executionId}.json');
    const folder = join(dir.path, 'default', 'orders');
    expect(readdirSync(folder)).toEqual(['order-1.json']);
    expect(JSON.parse(readFileSync(join(folder, 'order-1.json'), 'utf8'))).toMatchObject({ status: 'succeeded' });
  });

  it('does not follow a link out of the folder', async () => {
    const outside = tempDir('outside');
    symlinkSync(outside.path, join(dir.path, 'default', 'away'));
    expect(await send('away/deeper/x.json')).toMatchObject({ error: 'Throughline.DeliveryRefused', retryable: false });
    writeFileSync(join(outside.path, 'y.json'), 'untouched');
    symlinkSync(join(outside.path, 'y.json'), join(dir.path, 'default', 'link.json'));
    expect(await send('link.json')).toMatchObject({ kind: 'delivered' });
    expect(readFileSync(join(outside.path, 'y.json'), 'utf8')).toBe('untouched');
    expect(readdirSync(outside.path)).toEqual(['y.json']);
    outside.remove();
  });

  it('is not written where no folder is configured', async () => {
    const target = { type: 'file', path: 'x.json' } as const;
    expect(await deliverFile(taskFor(target), target, undefined)).toMatchObject({ retryable: false });
  });
});
