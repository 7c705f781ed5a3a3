import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient, verifyWebhook } from '@throughline/client';
import type { DeliveryView, Json } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';

jest.setTimeout(300_000);

const SECRET = 'known to both';
const ECHO = { StartAt: 'Echo', States: { Echo: { Type: 'Pass', End: true } } };

/** Answers with what it is told to, and keeps what came with a genuine signature. */
class Receiver {
  readonly genuine: { key: string | undefined; body: Json }[] = [];
  forged = 0;
  private readonly server: Server;
  constructor(private readonly statuses: number[]) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const signature = request.headers['throughline-signature'];
        void verifyWebhook({ body, signature: String(signature), secret: SECRET }).then((problem) => {
          if (problem !== undefined) this.forged += 1;
          // The cast states what JSON.parse promises.
          else this.genuine.push({ key: request.headers['idempotency-key'] as string, body: JSON.parse(body) as Json });
          response.writeHead(problem === undefined ? (this.statuses.shift() ?? 204) : 403).end();
        });
      });
    });
  }
  async url(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/results`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('results are delivered', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  let nc: NatsConnection;
  const receivers: Receiver[] = [];

  beforeAll(async () => {
    system = await startTestSystem({ services: ['orchestrator', 'step-worker', 'replay-service'] });
    mkdirSync(join(system.home, 'secrets'), { recursive: true });
    writeFileSync(join(system.home, 'secrets', 'receiver'), SECRET);
    nc = await connectNats({ url: system.natsUrl, name: 'spec' });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    await client.registerWorkflow({ name: 'echo', definition: ECHO });
  });
  afterAll(async () => {
    for (const receiver of receivers) receiver.close();
    await nc?.close();
    await system?.remove();
  });

  const receiving = async (...statuses: number[]) => {
    const receiver = new Receiver(statuses);
    receivers.push(receiver);
    return { receiver, target: { type: 'webhook', url: await receiver.url(), secret: 'secret://receiver' } as const };
  };
  const settled = (id: string): Promise<DeliveryView> =>
    eventually('its delivery is settled', async () => {
      const view = await client.delivery.get(id);
      return (view.state === 'delivered' || view.state === 'failed') && view;
    });

  it('by a webhook that fails twice and then takes it, each time the same, signed', async () => {
    const { receiver, target } = await receiving(503, 500, 204);
    const started = await client.start('echo', {
      input: { price: 3 },
      delivery: { targets: [target], intervalSeconds: 0.1 },
    });
    expect(await settled(started.id)).toMatchObject({ state: 'delivered', deliveries: [{ attempts: 3 }] });
    expect(receiver.forged).toBe(0);
    expect(receiver.genuine).toHaveLength(3);
    expect(new Set(receiver.genuine.map((request) => JSON.stringify(request))).size).toBe(1);
    expect(receiver.genuine[0]?.body).toMatchObject({ executionId: started.id, output: { price: 3 } });
    expect(await client.get(started.id)).toMatchObject({ status: 'succeeded' });
    expect((await client.replay(started.id)).result).toMatchObject({ verdict: 'identical' });
  });

  it('to NATS and to a file, as the definition says', async () => {
    const Targets: Json = [
      { Type: 'nats', Subject: 'orders.done' },
      { Type: 'file', Path: 'orders/{executionId}.json' },
    ];
    const definition: Json = { ...ECHO, Throughline: { Delivery: { Targets } } };
    await client.registerWorkflow({ name: 'telling', definition });
    const heard: Json[] = [];
    nc.subscribe('tl.out.default.>', {
      callback: (_error, message) => {
        heard.push(message.json());
        message.respond('heard');
      },
    });
    await nc.flush();
    const started = await client.start('telling', { input: { n: 1 } });
    expect(await settled(started.id)).toMatchObject({ state: 'delivered' });
    const said: unknown = JSON.parse(
      readFileSync(join(system.home, 'results', 'default', 'orders', `${started.id}.json`), 'utf8'),
    );
    expect(heard).toEqual([said]);
    expect(said).toMatchObject({ executionId: started.id, status: 'succeeded', output: { n: 1 } });
  });

  it('or given up with a dead letter, until somebody has it delivered again', async () => {
    const { receiver, target } = await receiving(500, 500);
    const delivery = { targets: [target], maxAttempts: 2, intervalSeconds: 0.1 };
    const started = await client.start('echo', { delivery });
    expect(await settled(started.id)).toMatchObject({
      state: 'failed',
      deliveries: [{ attempts: 2, error: 'Throughline.WebhookFailed', cause: 'HTTP 500' }],
    });
    await eventually('the dead letter says why', async () => {
      const info = await nc.request(
        '$JS.API.STREAM.MSG.GET.TL_DEAD',
        JSON.stringify({ last_by_subj: 'tl.dead.TL_TASKS.default' }),
      );
      const { message } = info.json<{ message: { data: string } }>();
      expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toMatchObject({
        code: 'TL0183',
        reason: expect.stringContaining(started.id) as unknown,
      });
      return true;
    });
    await client.delivery.retry(started.id);
    expect(await settled(started.id)).toMatchObject({ state: 'delivered', deliveries: [{ attempts: 3 }] });
    expect(new Set(receiver.genuine.map(({ key }) => key)).size).toBe(1);
    await expect(client.delivery.retry(started.id)).rejects.toMatchObject({ code: 'TL0182' });
  });
});
